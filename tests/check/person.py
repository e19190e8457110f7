"""A person at the check page who knows the truth, through the page's own requests. Counts keys and looks."""

from collections.abc import Callable
from dataclasses import dataclass, field

COUNT = 24  # pictures a page


def by_name(picture: dict) -> str:
    """The truth of the pictures of tests/faults/world.py: how their names begin; `aside` is to be set aside."""
    return picture["name"].split("_")[0]


@dataclass
class Person:
    """`keys`: pressed, where the mouse is left alone. `clicks` and `beside`: clicks on wrong pictures, and the keys
    pressed beside them, where it is not. `looks`: pictures looked at. `truth`: of a picture, its label."""

    truth: Callable[[dict], str] = by_name
    keys: int = 0
    clicks: int = 0
    beside: int = 0
    fingerprints: int = 0
    pages: int = 0
    said: list[str] = field(default_factory=list)

    def look(self, session, undoes: bool = False) -> dict:
        """Page after page until all is looked at; the last view."""
        view = session.view(COUNT)
        while view["page"]:
            view = self._page(session, view, undoes)
            self.said.append(view["said"])
        return view

    def _page(self, session, view: dict, undoes: bool) -> dict:
        page = view["page"]
        self.pages += 1
        self.fingerprints += sum(p["state"] == "" for p in page["pictures"])
        wrong: dict[str, list[str]] = {}
        for picture in page["pictures"]:
            if picture["state"] == "" and self.truth(picture) != (picture["given"] or picture["guess"]):
                wrong.setdefault(self.truth(picture), []).append(picture["sha256"])
        at = {p["sha256"]: i for i, p in enumerate(page["pictures"])}
        here = 0
        for label, shas in wrong.items():
            self.keys += self._walk([at[sha] for sha in shas], here) + 1  # arrows and spaces, then one digit
            here = at[shas[-1]]
            self.clicks += len(shas)
            self.beside += 1
            asked = {
                "page": page["id"],
                "pictures": shas,
                "kind": "aside" if label == "aside" else "label",
                "label": "" if label == "aside" else label,
                "count": COUNT,
            }
            view = session.decide(asked)
            if undoes:
                session.undo({})
                view = session.redo({"count": COUNT})
        if not view["page"] or view["page"]["id"] != page["id"]:
            return view
        left = [p["sha256"] for p in page["pictures"] if not any(p["sha256"] in shas for shas in wrong.values())]
        self.keys += 1
        self.beside += 1
        return session.accept({"page": page["id"], "pictures": left, "later": [], "count": COUNT})

    def _walk(self, places: list[int], here: int, columns: int = 8) -> int:
        """Arrow keys from picture to picture, and a space on each where there are several."""
        steps = 0
        for place in places:
            steps += abs(place // columns - here // columns) + abs(place % columns - here % columns)
            here = place
        return steps + (len(places) if len(places) > 1 else 0)


def look(session) -> None:
    """As the kill trials have it: with an undo and a redo after each correction."""
    Person().look(session, undoes=True)
