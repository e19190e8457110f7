"""Files that are never lost and never half there."""

import errno
import os
import resource
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow.base import files
from flow.base.errors import RoboError
from tests.faults.runner import run
from tests.faults.world import beginning, contents, fresh


def write(path, data=b"one"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.fixture(params=["links", "EPERM", "EXDEV"])
def links(request, monkeypatch):
    """With hard links, and on file systems that have none."""
    if request.param != "links":

        def refuse(*_, **__):
            raise OSError(getattr(errno, request.param), "no links here")

        monkeypatch.setattr(os, "link", refuse)
    return request.param


def test_a_move_never_overwrites(tmp_path, links):
    source, target = write(tmp_path / "a/x.jpg"), write(tmp_path / "b/x.jpg", b"other")
    with pytest.raises(FileExistsError):
        files.move_to(source, target)
    assert source.read_bytes() == b"one" and target.read_bytes() == b"other"
    assert not list(tmp_path.rglob(".part-*"))


def test_a_move_onto_the_same_bytes_drops_the_source(tmp_path, links):
    source, target = write(tmp_path / "a/x.jpg"), write(tmp_path / "b/x.jpg")
    assert files.move_to(source, target)
    assert not source.exists() and target.read_bytes() == b"one"


def test_a_move_can_be_repeated(tmp_path, links):
    source, target = write(tmp_path / "a/x.jpg"), tmp_path / "b/x.jpg"
    assert files.move_to(source, target) and files.move_to(source, target)
    assert target.read_bytes() == b"one" and not list(tmp_path.rglob(".part-*"))


def test_a_move_of_nothing_to_nothing_says_so(tmp_path):
    assert files.move_to(tmp_path / "no.jpg", tmp_path / "where.jpg") is False


def test_a_move_across_file_systems(tmp_path):
    """The memory's and the disk's are two: os.link really answers EXDEV."""
    here = tmp_path.stat().st_dev
    folders = [folder for folder in ("/dev/shm", "/var/tmp") if os.access(folder, os.W_OK)]
    others = [folder for folder in folders if Path(folder).stat().st_dev != here]
    if not others:
        pytest.skip("there is no second file system")
    with tempfile.TemporaryDirectory(dir=others[0]) as other:
        source, target = write(tmp_path / "x.jpg", b"1" * 5000), Path(other) / "x.jpg"
        assert files.move_to(source, target)
        assert target.read_bytes() == b"1" * 5000 and not source.exists() and len(list(Path(other).iterdir())) == 1


def test_a_copy_that_differs_is_thrown_away_and_said(tmp_path, monkeypatch):
    def torn(source, target):
        with open(target, "wb") as writer:
            writer.write(b"on")

    monkeypatch.setattr(os, "link", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.EPERM, "no")))
    monkeypatch.setattr(files.shutil, "copyfile", torn)
    source = write(tmp_path / "a/x.jpg")
    with pytest.raises(OSError, match="differs"):
        files.move_to(source, tmp_path / "b/x.jpg")
    assert source.exists() and not list((tmp_path / "b").iterdir())


def test_without_renameat2_a_taken_name_is_still_not_overwritten(tmp_path, monkeypatch):
    monkeypatch.setattr(files.ctypes, "CDLL", lambda *_, **__: object())
    source, target = write(tmp_path / "x"), write(tmp_path / "y", b"other")
    with pytest.raises(FileExistsError):
        files._rename_new(source, target)
    files._rename_new(source, tmp_path / "z")
    assert target.read_bytes() == b"other" and (tmp_path / "z").read_bytes() == b"one"


def test_new_files_take_the_next_free_name(tmp_path, links):
    names = [files.write_new(tmp_path, "x.jpg", data).name for data in (b"1", b"2", b"3")]
    assert names == ["x.jpg", "x_2.jpg", "x_3.jpg"]
    assert {p.read_bytes() for p in tmp_path.iterdir()} == {b"1", b"2", b"3"}


def test_a_name_taken_between_the_look_and_the_link_is_left_alone(tmp_path, monkeypatch):
    plain = os.link

    def somebody_first(source, target, **options):
        if target.name == "x.jpg":
            target.write_bytes(b"somebody")
        return plain(source, target, **options)

    monkeypatch.setattr(os, "link", somebody_first)
    assert files.write_new(tmp_path, "x.jpg", b"ours").name == "x_2.jpg"
    assert (tmp_path / "x.jpg").read_bytes() == b"somebody"


def test_a_state_file_is_old_or_new_never_half(tmp_path, monkeypatch):
    path = write(tmp_path / "state.json", b"old")

    def full(handle):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        files.write_whole(path, "new and much longer")
    assert path.read_bytes() == b"old"


def test_a_file_over_the_size_limit_leaves_nothing_half(tmp_path):
    """RLIMIT_FSIZE: the kernel itself cuts the write short."""
    pid = os.fork()
    if pid == 0:
        code = 1
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            files.write_new(tmp_path, "x.jpg", b"1" * 5000)
        except OSError as problem:
            code = 0 if problem.errno == errno.EFBIG else 2
        os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert not files.images_in(tmp_path)


def test_a_run_over_the_size_limit_fails_in_one_sentence_and_loses_nothing():
    root = fresh(beginning)
    before = contents(root)
    done = run(root, "robots", "3", "built", "download", "--source", "sample", before="small_files_only")
    assert done.code == 1 and "Traceback" not in done.err and done.err.startswith("oh no. ")
    assert contents(root) == before
    assert run(root, "robots", "3", "built", "download", "--source", "sample").code == 0
    assert len(contents(root)) == len(before) + 3


@given(
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=300),
    st.integers(1, 99),
)
@settings(max_examples=100, deadline=None)
def test_a_fitting_name_fits_and_keeps_its_tail(stem, number):
    name = files.fitting(stem, f"_{number}.jpg")
    assert len(name.encode()) <= 255 and name.endswith(f"_{number}.jpg")


@pytest.mark.parametrize("length", [200, 251, 255])
def test_the_longest_names_can_be_kept_twice(tmp_path, length, links):
    name = "x" * (length - 4) + ".jpg"
    first, second = (files.write_new(tmp_path, name, data) for data in (b"1", b"2"))
    assert first.name == name and second.suffix == ".jpg" and second.exists()


def test_only_plain_visible_image_files_are_images(tmp_path):
    folder = tmp_path / "label"
    for name in ("b.jpg", "A.JPG", "c.txt", ".hidden.jpg", ".DS_Store", "Thumbs.db", ".part-x.jpg", "d.webp"):
        write(folder / name)
    (folder / "sub.jpg").mkdir()
    outside = write(tmp_path / "outside.jpg")
    (folder / "out.jpg").symlink_to(outside)
    (folder / "in.jpg").symlink_to(folder / "b.jpg")
    (folder / "loop.jpg").symlink_to(folder / "loop.jpg")
    os.mkfifo(folder / "pipe.jpg")
    assert [p.name for p in files.images_in(folder)] == ["A.JPG", "b.jpg", "d.webp"]
    assert files.count_images(folder) == 3
    assert files.images_in(tmp_path / "nowhere") == []
    assert files.count_images(tmp_path / "nowhere") == 0


def test_only_real_visible_folders_are_folders(tmp_path):
    for name in ("sorted_1", ".sorting_2", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "sorted_link").symlink_to(tmp_path / "other")
    (tmp_path / "sorted_loop").symlink_to(tmp_path)
    assert [p.name for p in files.folders_in(tmp_path, "sorted_")] == ["sorted_1"]


def test_a_folder_move_needs_a_free_name(tmp_path):
    write(tmp_path / "a/x"), write(tmp_path / "b/y")
    with pytest.raises(FileExistsError):
        files.move_folder(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a/x").exists() and (tmp_path / "b/y").exists()


def test_a_nearly_full_disk_is_told_with_the_megabytes(tmp_path):
    with pytest.raises(RoboError, match=r"\d+ MB free, 99999999999 MB needed"):
        files.need_space(tmp_path / "not/yet/made", 99_999_999_999)
