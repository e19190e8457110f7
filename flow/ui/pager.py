"""A long text as pages for a terminal of so many rows. Pure: keys in, what to show out."""

from dataclasses import dataclass

from flow.ui.keys import BACK, LEAVE, ON


@dataclass
class Pages:
    """Begins at the first page. `lines` are no wider than the terminal; the last row is left for the foot."""

    lines: list[str]
    rows: int
    place: int = 0

    @property
    def size(self) -> int:
        """Lines a page."""
        return max(1, self.rows - 1)

    @property
    def count(self) -> int:
        return max(1, -(-len(self.lines) // self.size))

    def text(self) -> str:
        """The page one is on."""
        return "\n".join(self.lines[self.place * self.size : (self.place + 1) * self.size])

    def foot(self) -> str:
        """What can be pressed now."""
        on = "SPACE or ENTER goes on" if self.place + 1 < self.count else "ENTER ends"
        return f"-- {self.place + 1} of {self.count}: {on}, b goes back, q leaves --"

    def press(self, key: str) -> bool | None:
        """True: another page is to be shown; False: the reader leaves; None: nothing changes."""
        if key == LEAVE or (key == ON and self.place + 1 == self.count):
            return False
        if key == ON:
            self.place += 1
            return True
        if key == BACK and self.place:
            self.place -= 1
            return True
        return None
