"""A person at the check page who knows the truth, through the page's own requests. Counts keys and clicks."""

from collections.abc import Callable
from dataclasses import dataclass

COUNT = 24  # images a page


def by_name(image: dict) -> str:
    """The truth of the images of tests/faults/world.py: how their names begin; `aside` is to be set aside."""
    return image["name"].split("_")[0]


@dataclass
class Person:
    """`keys`: pressed, where the mouse is left alone. `clicks` and `keys_beside`: clicks on wrong images, and the keys
    pressed beside them, where it is not. `seen`: images looked at. `truth`: of an image, its label."""

    truth: Callable[[dict], str] = by_name
    keys: int = 0
    clicks: int = 0
    keys_beside: int = 0
    seen: int = 0
    pages: int = 0

    def check_all(self, page, undoes: bool = False) -> dict:
        """Page after page until all is checked; the last view.

        Args:
            page: a CheckPage, or what reaches one by requests.
            undoes: each correction is undone and done again.
        """
        view = page.view(COUNT)
        while view["page"]:
            view = self._check(page, view, undoes)
        return view

    def _check(self, page, view: dict, undoes: bool) -> dict:
        shown = view["page"]
        self.pages += 1
        self.seen += sum(image["state"] == "" for image in shown["images"])
        wrong: dict[str, list[str]] = {}
        for image in shown["images"]:
            if image["state"] == "" and self.truth(image) != (image["given"] or image["guess"]):
                wrong.setdefault(self.truth(image), []).append(image["sha256"])
        index_of = {image["sha256"]: i for i, image in enumerate(shown["images"])}
        focused = 0
        for label, shas in wrong.items():
            self.keys += self._walk([index_of[sha] for sha in shas], focused) + 1  # arrows and spaces, then one digit
            focused = index_of[shas[-1]]
            self.clicks += len(shas)
            self.keys_beside += 1
            is_quarantined = label == "aside"
            kind, given = ("aside", "") if is_quarantined else ("label", label)
            view = page.decide({"page": shown["id"], "images": shas, "kind": kind, "label": given, "count": COUNT})
            if undoes:
                page.undo({})
                view = page.redo({"count": COUNT})
        if not view["page"] or view["page"]["id"] != shown["id"]:
            return view
        corrected = {sha for shas in wrong.values() for sha in shas}
        right = [sha for sha in index_of if sha not in corrected]
        self.keys += 1
        self.keys_beside += 1
        return page.accept({"page": shown["id"], "images": right, "later": [], "count": COUNT})

    def _walk(self, indices: list[int], focused: int, columns: int = 8) -> int:
        """Arrow keys from image to image, and a space on each where there are several."""
        steps = 0
        for index in indices:
            steps += abs(index // columns - focused // columns) + abs(index % columns - focused % columns)
            focused = index
        return steps + (len(indices) if len(indices) > 1 else 0)


def look(page) -> None:
    """As the kill trials have it: with an undo and a redo after each correction."""
    Person().check_all(page, undoes=True)
