"""How fast a person is, told at the page."""

import time

REST_S = 30.0  # a longer silence between two key presses is a pause, not work
PACE_LEAST_S = 10.0  # seconds of work from which on a pace is told


class Pace:
    """Pictures a minute, pauses left out."""

    def __init__(self) -> None:
        self._last, self._seconds, self._pictures = time.monotonic(), 0.0, 0

    def shown(self) -> None:
        """A page was shown after a silence that may have been long."""
        if not self._pictures:
            self._last = time.monotonic()

    def done(self, pictures: int) -> None:
        now = time.monotonic()
        self._seconds += min(REST_S, now - self._last)
        self._last, self._pictures = now, self._pictures + pictures

    @property
    def per_minute(self) -> float | None:
        if self._seconds < PACE_LEAST_S:
            return None
        return round(60 * self._pictures / self._seconds, 1)
