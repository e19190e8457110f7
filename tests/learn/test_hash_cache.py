"""Content hashes and fingerprints are computed once; a damaged cache of them costs time, never an error."""

import hashlib
import os
import sqlite3

import pytest

from scripts.learn.fingerprints import fingerprint
from scripts.learn.hash_cache import HashCache
from tests.helpers import coloured, coloured_image


@pytest.fixture
def photos(tmp_path):
    return sorted(coloured(tmp_path / "photos", 4, ("cyan",)).rglob("*.png"))


def test_unchanged_files_are_read_once(tmp_path, photos):
    with HashCache(tmp_path / "hashes.sqlite") as cache:
        found = cache.sha256s(photos)
        assert found == {p: hashlib.sha256(p.read_bytes()).hexdigest() for p in photos}
        assert cache.read == 4
    with HashCache(tmp_path / "hashes.sqlite") as cache:
        assert cache.sha256s(photos) == found
        assert cache.read == 0


def test_a_changed_file_is_read_again_even_at_the_same_size_and_time(tmp_path, photos):
    with HashCache(tmp_path / "hashes.sqlite") as cache:
        before = cache.sha256s(photos)
        facts, raw = photos[0].stat(), bytearray(photos[0].read_bytes())
        raw[-20] ^= 1
        replacement = tmp_path / "new"
        replacement.write_bytes(raw)
        os.utime(replacement, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        replacement.replace(photos[0])
        after = cache.sha256s(photos)
    assert after[photos[0]] == hashlib.sha256(raw).hexdigest() != before[photos[0]]


def test_a_moved_file_has_the_same_hash(tmp_path, photos):
    with HashCache(None) as cache:
        before = cache.sha256s(photos)[photos[0]]
        moved = photos[0].rename(tmp_path / "elsewhere.png")
        assert cache.sha256s([moved, photos[0]]) == {moved: before}


def test_fingerprints_are_remembered_and_broken_images_have_none(tmp_path, photos):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    with HashCache(tmp_path / "hashes.sqlite") as cache:
        found = cache.fingerprints({"a": photos[0], "b": broken})
    assert set(found) == {"a"}
    photos[0].unlink()
    with HashCache(tmp_path / "hashes.sqlite") as cache:
        assert cache.fingerprints({"a": photos[0]}) == found
        cache.add_fingerprints({"z": fingerprint(coloured_image((1, 2, 3), 1))})
        assert set(cache.fingerprints({"z": photos[0]})) == {"z"}


@pytest.mark.parametrize("damage", [b"not a database" * 100, b""])
def test_a_damaged_cache_is_begun_anew(tmp_path, photos, damage):
    (tmp_path / "hashes.sqlite").write_bytes(damage)
    with HashCache(tmp_path / "hashes.sqlite") as cache:
        assert len(cache.sha256s(photos)) == 4
    with sqlite3.connect(tmp_path / "hashes.sqlite") as db:
        assert db.execute("SELECT count(*) FROM files").fetchone() == (4,)


def test_where_nothing_can_be_written_it_works_in_memory(tmp_path, photos):
    (tmp_path / "file").write_bytes(b"")
    with HashCache(tmp_path / "file" / "hashes.sqlite") as cache:
        assert len(cache.sha256s(photos)) == 4


def test_file_names_that_are_no_text_are_not_mixed_up(tmp_path, photos):
    odd = [photos[0].rename(tmp_path / os.fsdecode(name)) for name in (b"\xff.png",)]
    odd += [photos[1].rename(tmp_path / "\\xff.png")]
    with HashCache(tmp_path / "hashes.sqlite") as cache:
        first = cache.sha256s(odd)
        assert len(set(first.values())) == 2
        assert cache.sha256s(odd) == first
