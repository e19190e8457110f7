"""How fast a person decides, for the page to show."""

import time

REST_S = 30.0  # a longer silence between two key presses is a pause, not work
PACE_MIN_S = 10.0  # seconds of work from which on a pace is shown


class Pace:
    """Images a minute, without pauses."""

    def __init__(self) -> None:
        self._last, self._seconds, self._images = time.monotonic(), 0.0, 0

    def shown(self) -> None:
        """A page was shown after a silence that may have been long."""
        if not self._images:
            self._last = time.monotonic()

    def done(self, images: int) -> None:
        now = time.monotonic()
        self._seconds += min(REST_S, now - self._last)
        self._last, self._images = now, self._images + images

    @property
    def per_minute(self) -> float | None:
        if self._seconds < PACE_MIN_S:
            return None
        return round(60 * self._images / self._seconds, 1)
