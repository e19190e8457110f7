"""What a child does before it runs the program: changes to the world that only it sees."""

import os
import sys
import time
from datetime import datetime, timedelta


def shift_clock(seconds: float) -> None:
    """The wall clock of every module of flow is off by this much; monotonic clocks are not."""

    class Shifted(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(seconds=seconds)

    for name, module in list(sys.modules.items()):
        if name.startswith("flow.") and getattr(module, "datetime", None) is datetime:
            module.datetime = Shifted


def slow(_watch) -> None:
    """Hold the lock for a while."""
    from flow.commands import main

    plain = main._carry_out

    def carry_out(*arguments):
        time.sleep(1)
        return plain(*arguments)

    main._carry_out = carry_out


def images_vanish(_watch) -> None:
    """After listing, every third image is taken away by somebody."""
    from flow.base import files

    plain = files.images_in

    def images_in(folder):
        found = plain(folder)
        if "unsorted_" in str(folder) or "sorted_" in str(folder):
            for path in found[::3]:
                elsewhere = path.parent.parent.parent / "taken"
                elsewhere.mkdir(exist_ok=True)
                os.rename(path, elsewhere / path.name)
        return found

    files.images_in = images_in


def images_vanish_late(_watch) -> None:
    """After hashing, every third image is taken away by somebody."""
    from scripts.learn import hash_cache

    plain = hash_cache.HashCache.sha256s

    def sha256s(self, paths):
        found = plain(self, paths)
        for path in [p for p in found if "sorted_" in str(p)][::3]:
            elsewhere = path.parent.parent / "taken"
            elsewhere.mkdir(exist_ok=True)
            os.rename(path, elsewhere / path.name)
        return found

    hash_cache.HashCache.sha256s = sha256s


CHILD_S = 20.0


def fork_a_worker(_watch) -> None:
    """A forked child that outlives a killed owner."""
    from flow.commands import main

    plain = main._carry_out

    def carry_out(*arguments):
        if os.fork() == 0:
            time.sleep(CHILD_S)
            os._exit(0)
        return plain(*arguments)

    main._carry_out = carry_out


def a_bug(_watch) -> None:
    """Something raises what nobody expects, with a secret in it."""
    from flow.commands import main

    def carry_out(*_):
        raise ValueError(f"bad header {os.environ.get('IMGURAPI_ID', '')}")

    main._carry_out = carry_out


def moves_without_care(_watch) -> None:
    """A program as it must not be: it copies straight to the final name."""
    import shutil

    from flow.base import files

    def move_to(source, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.exists():
            shutil.copyfile(source, target)
            source.unlink()
        return True

    files.move_to = move_to


def writes_without_care(_watch) -> None:
    """A program as it must not be: it writes its journal in place."""
    from flow.base import files

    def write_whole(path, data):
        with open(path, "w", encoding="utf-8") as writer:
            writer.write(data)

    files.write_whole = write_whole


def as_nobody(_watch) -> None:
    """Root may write anywhere; nobody may not."""
    os.setgid(65534)
    os.setuid(65534)


def small_files_only(_watch) -> None:
    """No file may grow over 6 kB: the kernel cuts the write short."""
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))


def names_get_taken(_watch) -> None:
    """Just before each move, somebody puts a picture of their own under the name it is going to."""
    from flow.records import apply_journal
    from flow.records.journal import absolute

    plain = apply_journal._forward

    def forward(move):
        target = absolute(move.target)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"somebody's")
        return plain(move)

    apply_journal._forward = forward


def looks_through(_watch) -> None:
    """Instead of a browser, a person who knows the truth, which is how an image's name begins, and who undoes some."""
    from flow.check.step import CheckSession
    from tests.check.person import look

    def serve(session):
        look(session.page)
        yield from ()

    CheckSession.serve = serve


def looks_and_harvests(_watch) -> None:
    """The same, with the harvest that the page offers at the end."""
    from flow.check.step import CheckSession
    from tests.check.person import look

    def serve(session):
        look(session.page)
        yield "harvest"
        session.page.next_board()

    CheckSession.serve = serve


def stopped_while_classifying(_watch) -> None:
    """Ctrl-C comes once the download is done."""
    from flow.commands import loop

    def classify(*_):
        raise KeyboardInterrupt

    loop.classify = classify


def fails_to_retrain(_watch) -> None:
    """The last step of a run ends it with a sentence."""
    from flow.base.errors import NotReady
    from flow.retrain import step

    def check_ready(*_):
        raise NotReady("Too few images.", "Sort some.")

    step.check_ready = check_ready
