"""A page from its opening to its end: served on this machine only, with the basetag's lock while something is done."""

import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator

from flow.base import paths
from flow.base.errors import BadUsage, Locked
from flow.base.locks import Lock
from flow.check import thumbnails
from flow.check.check_page import CheckPage
from flow.check.launch_page import launched
from flow.check.main_thread_queue import MainThreadQueue
from flow.records import apply_journal, decisions
from flow.records.catalogue import Catalogue
from flow.ui import console

GIVE_BACK_S = 60.0  # without a decision for so long, the page lets other runs work


class PageSession(ABC):
    """`browser` and `port`: as the options of the flowstep say; `spare_port`: where the port is taken, another will do.

    Args:
        name: the flowstep's, for the error.
        lock: the basetag's; None where the caller keeps it.

    Raises:
        BadUsage: nobody could open the page.
    """

    spare_port = False

    def __init__(self, name: str, basetag: str, catalogue: Catalogue, browser: bool, port: int, lock: Lock | None):
        if browser and not console.is_watched():
            raise BadUsage(
                f"{name} shows images in a browser, and without a terminal nobody is there to look.",
                "With --no-browser it prints the address and waits.",
            )
        decisions.finish_pending(basetag, catalogue)
        self.basetag, self._catalogue, self._lock = basetag, catalogue, lock
        self._browser, self._port = browser, port
        self._main = MainThreadQueue()
        self._last_use, self._version = time.monotonic(), 0
        self.address = ""  # of the page, without the ticket; once it is served

    @property
    @abstractmethod
    def page(self) -> CheckPage: ...

    def serve(self) -> Iterator[str]:
        """Serve the page until the person says done, closes it or presses Ctrl-C.

        Yields:
            The steps that the person wants done now, one after another, such as harvest or retrain. The caller does
            each within `self.page.working(step)` and hands its result to `self.page.add`.
        """
        from flow.check.http_server import serving

        thumbnails.sweep()
        try:
            with serving(self.page, self._port, self.spare_port) as address:
                self.address = address.partition("?")[0]
                self._tell_lock(address)
                with self._led_to(address):
                    for steps in self._main.serve(self._idle):
                        for step in steps:
                            if not self.page.work.problem:
                                yield step
                        self.page.next_board()
                self.page.collect_trial()
        except KeyboardInterrupt:
            self._stopped()

    def expect_tab(self) -> None:
        """The person is led to this page from another one, and is awaited."""
        self._main.tabs.expect()

    def _led_to(self, address: str) -> contextlib.AbstractContextManager[None]:
        """Leads the person to the page, while inside."""
        return launched(address, paths.way_in(self.basetag), self._browser)

    def _stopped(self) -> None:
        """Called within the Ctrl-C that ended the page; raises it again where a step was cut short."""
        if self._main.is_busy:  # that is told as everywhere else
            raise
        with contextlib.suppress(Locked):  # given back with nothing half done, and another run works by now
            self._wake()
            decisions.finish_pending(self.basetag, self._catalogue)

    def _idle(self) -> None:
        """Called while nothing is asked."""
        if self.page.trial.is_running:  # keeps the lock, as every training does
            self.page.collect_trial()
        else:
            self._give_back()

    # The lock: an open page must not keep the night's run from working

    def _give_back(self) -> None:
        """After a minute without a decision other runs may work."""
        if self._lock and self._lock.is_held and time.monotonic() - self._last_use > GIVE_BACK_S:
            self._version = self._catalogue.data_version
            self._lock.give_back()

    def _wake(self) -> str:
        """Before a decision: take the lock again, and look what other runs have done. Raises Locked."""
        self._last_use = time.monotonic()
        if not self._lock or self._lock.is_held:
            return ""
        self._lock.take()
        if self._catalogue.data_version == self._version:
            return ""
        decisions.finish_pending(self.basetag, self._catalogue)
        apply_journal.finish_unfinished(self.basetag, self._catalogue)
        self.page.renew_board()
        return "Another run has changed things meanwhile; this is how they are now."

    def _tell_lock(self, address: str) -> None:
        """Another run that finds the lock taken says where the page is."""
        if self._lock:
            self._lock.set_owner(page=address.partition("?")[0])
