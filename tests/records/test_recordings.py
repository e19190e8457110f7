"""Which images are of one recording outlives the catalogue."""

import pytest

from flow.base import paths
from flow.records import recordings
from flow.records.open_catalogue import open_catalogue

SHAS = [f"{n:064x}" for n in range(4)]


@pytest.fixture
def folder(tf_files):
    return paths.unsorted_dir("robots", "camera_20261129_101500")


def test_a_lost_catalogue_knows_the_recordings_again(folder):
    groups = {SHAS[0]: "camera/1", SHAS[1]: "camera/1", SHAS[2]: "camera/2"}
    with open_catalogue("robots") as catalogue:
        recordings.remember(folder, catalogue, {SHAS[0]: "camera/1"})
        recordings.remember(folder, catalogue, {sha: groups[sha] for sha in SHAS[1:3]})
        assert catalogue.groups() == groups
    paths.catalogue("robots").unlink()
    with open_catalogue("robots") as catalogue:
        assert catalogue.groups() == groups == recordings.read(folder)


def test_a_line_that_was_cut_off_harms_no_other(folder):
    with open_catalogue("robots") as catalogue:
        recordings.remember(folder, catalogue, {SHAS[0]: "a"})
        with open(folder / recordings.NAME, "ab") as log:
            log.write(SHAS[1].encode()[:50])
        recordings.remember(folder, catalogue, {SHAS[2]: "b"})
    assert recordings.read(folder) == {SHAS[0]: "a", SHAS[2]: "b"}
    (folder / recordings.NAME).write_bytes(b"\xff\0 damaged\n" + f"{SHAS[3]}\tc\n".encode())
    assert recordings.read(folder) == {SHAS[3]: "c"}


def test_nothing_to_note_makes_no_file(folder):
    with open_catalogue("robots") as catalogue:
        recordings.remember(folder, catalogue, {})
    assert not folder.exists() and recordings.read(folder) == {}
