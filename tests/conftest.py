"""What all tests share; with several workers (pytest-xdist) the data folders are made by one and copied by all."""

import fcntl
import gc
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

import config as cfg
import scripts.api  # noqa: F401 - before a test replaces something in scripts.learn, which would be kept in it for good
from scripts.learn import backbone_files, backbones
from scripts.learn.runners import open_runner
from tests.helpers import save_tiny_backbone, write_backbone_facts
from tests.terminal import run

KINDS = ("built", "drawn", "not")
PER_LABEL = 24
# Test files that take long, the longest first, so that no worker is left with one when the others are done.
LONG = (
    "check/test_keys_in_browser.py",
    "check/test_labeling.py",
    "check/test_story.py",
    "retrain/test_tune.py",
    "scripts/test_demo.py",
    "stories/test_evenings.py",
    "stories/test_kills.py",
    "learn/test_images_memory.py",
    "download/test_ends.py",
    "models/test_backbone.py",
    "guide/test_guide.py",
    "learn/test_tune.py",
    "download/test_download.py",
    "export/test_model.py",
    "commands/test_main.py",
    "stories/test_cron.py",
    "retrain/test_retrain.py",
    "records/test_versions.py",
    "scripts/test_studies.py",
    "check/test_http_server.py",
    "learn/test_efficientnet_lite.py",
    "web/test_endings.py",
    "stories/test_full_cycle.py",
    "sources/test_sources.py",
    "sms/test_notify.py",
    "web/test_answers.py",
    "models/test_leaderboard.py",
)

os.environ.setdefault("ROBOFLOW_RETRAIN_EFFORT_DEFAULT", "quick")  # of all programs that tests start

# A shell starts what it puts into the background with Ctrl-C ignored, and what the tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """The long ones first, otherwise as they come."""
    order = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: order.get("/".join(item.path.parts[-2:]), len(LONG)))


def pytest_collection_finish():
    """Thousands of tests stay until the end; Python need not look through them again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """What a test logged may hold file names that are no UTF-8; a report goes through a pipe that takes nothing else."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture
def tf_files(tmp_path):
    """An empty data folder; every setting is put back afterwards."""
    before = {name: value for name, value in vars(cfg).items() if name.islower() and not name.startswith("_")}
    cfg.path_to_tf_files = str(tmp_path / "tf_files")
    cfg.retrain_effort_default = "quick"  # what --tune auto tries besides the head has tests of its own
    yield tmp_path / "tf_files"
    for name, value in before.items():
        setattr(cfg, name, value)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder that `make` fills, whichever worker comes first; the others wait for it."""
    base = factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, made = base / name, base / f"{name}.made"
    with open(base / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            made.touch()
    return folder


@pytest.fixture(scope="session")
def _models_of_all(tmp_path_factory):
    return tmp_path_factory.mktemp("models_of_all")


@pytest.fixture
def kept_models(tf_files, _models_of_all):
    """What is made of a backbone, converted and with an empty head, is there for all tests that ask for this; they find
    it and the backbone as they were."""
    tf_files.mkdir(exist_ok=True)
    (tf_files / "models").symlink_to(_models_of_all)


@pytest.fixture(scope="session")
def grown(tmp_path_factory):
    """A data folder as a person has it after the first model: sorted robots, one model. Never changed; copy it."""
    return made_once(tmp_path_factory, "grown", _grow)


def _grow(home: Path) -> None:
    for kind in KINDS:
        done = run("robots", str(PER_LABEL), kind, "download", "--source", "sample", "--tf-files", str(home))
        assert done.returncode == 0, done.stderr
        target = home / "training_photos" / "robots" / kind
        target.mkdir(parents=True, exist_ok=True)
        for image in (home / "testing_photos" / "robots" / f"unsorted_{kind}").glob("*.jpg"):
            image.rename(target / image.name)
    done = run(
        "robots",
        "0",
        "0",
        "retrain_defaults",
        "--steps",
        "300",
        "--images-min",
        str(PER_LABEL),
        "--tf-files",
        str(home),
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def home(grown, tmp_path):
    """A copy of `grown` to play with."""
    return shutil.copytree(grown, tmp_path / "tf_files", symlinks=True)


@pytest.fixture(scope="session")
def small_eyes(tmp_path_factory):
    """A models folder with the default backbone for pictures of 128 pixels, built and converted. Copy it."""

    def make(folder: Path) -> None:
        chosen = backbones.find(backbones.DEFAULT, 128)
        open_runner(chosen, backbone_files.locate(chosen, folder, labels=3), folder / "converted")

    return made_once(tmp_path_factory, "small_eyes", make)


@pytest.fixture(scope="session")
def sorted_once(grown, tmp_path_factory):
    """`grown` after 40 more robots came in and were sorted by the best model. Never changed; copy it."""

    def sort(home: Path) -> None:
        shutil.copytree(grown, home, symlinks=True)
        done = run("robots", "40", "robotart", "classify_top", "--source", "sample", "--tf-files", str(home), "--json")
        assert (done.returncode, done.stderr) == (0, "")

    return made_once(tmp_path_factory, "sorted", sort)


@pytest.fixture
def sorted_home(sorted_once, tmp_path):
    """A copy of `sorted_once` to play with."""
    return shutil.copytree(sorted_once, tmp_path / "tf_files", symlinks=True)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """The folder of a little SavedModel backbone with its facts beside it; never changed."""
    return write_backbone_facts(save_tiny_backbone(tmp_path_factory.mktemp("backbone") / "tiny"))
