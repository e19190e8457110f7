"""Data folders with sorted images to check, and with unlabeled ones; their catalogue and their board."""

import shutil
from pathlib import Path

import pytest

import config as cfg
from flow.base import files
from flow.base.learning import find_backbone
from flow.check.sorted_board import SortedBoard
from flow.check.unlabeled_board import UnlabeledBoard
from flow.check.unlabeled_pool import read_pool
from flow.models import backbone
from flow.records.open_catalogue import open_catalogue
from tests.conftest import made_once
from tests.faults import world
from tests.terminal import run


@pytest.fixture
def root(tf_files):
    """Half of the sorted images are sure, half below the threshold; one was dragged by hand. See tests/faults/world.py."""
    folder = world.fresh(world.to_check)
    cfg.path_to_tf_files = str(folder)
    return folder


@pytest.fixture
def catalogue(root):
    with open_catalogue("robots") as opened:
        yield opened


@pytest.fixture
def board(catalogue):
    return SortedBoard("robots", catalogue, "stamp")


# Unlabeled images

KINDS, EACH, SIDE = ("built", "drawn", "not"), 20, "128"
SMALL = {"ROBOFLOW_RETRAIN_IMGSIZE_DEFAULT": SIDE, "ROBOFLOW_RETRAIN_STEPS_DEFAULT": "100"}


@pytest.fixture(scope="session")
def unlabeled_once(tmp_path_factory, small_eyes):
    """A data folder with 60 drawn robots, unsorted, whose names tell what each of them is. Never changed; copy it."""

    def bring(home: Path) -> None:
        shutil.copytree(small_eyes, home / "models")
        for kind in KINDS:
            done = run("robots", str(EACH), kind, "download", "--source", "sample", "--tf-files", str(home))
            assert done.returncode == 0, done.stderr
        testing = home / "testing_photos/robots"
        together = testing / "unsorted_robotart"
        together.mkdir()
        for kind in KINDS:
            for path in files.images_in(testing / f"unsorted_{kind}"):
                path.rename(together / f"{kind}_{path.name}")
            shutil.rmtree(testing / f"unsorted_{kind}")
        before, cfg.path_to_tf_files = cfg.path_to_tf_files, str(home)
        try:
            with open_catalogue("robots") as catalogue:
                unlabeled_board(catalogue)  # embeddings are computed once for all tests
        finally:
            cfg.path_to_tf_files = before

    return made_once(tmp_path_factory, "unlabeled", bring)


@pytest.fixture
def unlabeled_root(unlabeled_once, tf_files):
    """A copy of `unlabeled_once` to play with."""
    cfg.retrain_imgsize_default = int(SIDE)
    return shutil.copytree(unlabeled_once, tf_files, symlinks=True)


@pytest.fixture
def truth(unlabeled_once) -> dict[str, str]:
    """Content hash -> what the image is."""
    pool = files.images_in(unlabeled_once / "testing_photos/robots/unsorted_robotart")
    return {files.sha256_of(path): path.name.split("_")[0] for path in pool}


def unlabeled_board(catalogue, stamp: str = "stamp") -> UnlabeledBoard:
    """A board as a new process makes it."""
    chosen = find_backbone("efficientnet_lite0", int(SIDE))
    pool = read_pool("robots", catalogue, chosen, backbone.fetch(chosen))
    return UnlabeledBoard("robots", catalogue, stamp, pool)
