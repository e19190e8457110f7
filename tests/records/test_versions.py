"""Catalogues of every version that was ever written open and keep what is in them; later ones are refused untouched."""

import contextlib
import hashlib
import json
import shutil
import sqlite3

import pytest

from flow.base.errors import FAILED, RoboError
from flow.records import schema
from flow.records.catalogue import Catalogue
from flow.records.decisions import decided_in
from flow.records.rows import MODEL, PERSON, RANDOM, WHOLE_FOLDER, ArchiveEntry, Decision, Image, Label, SortedCopy
from tests.faults import world
from tests.faults.runner import run

# The tables as programs made them, in the order of time. What is made of one is in the next as well, but for the column
# labels.came, which a later program adds when it opens an earlier catalogue.
ARCHIVE = """
CREATE TABLE archive(
  source TEXT NOT NULL, source_id TEXT NOT NULL, url TEXT NOT NULL, origin_sha256 TEXT, sha256 TEXT,
  status TEXT NOT NULL, reason TEXT, at TEXT NOT NULL, PRIMARY KEY(source, source_id));
CREATE INDEX archive_url ON archive(url);
CREATE INDEX archive_origin ON archive(origin_sha256);
"""
IMAGES = """
CREATE TABLE images(
  sha256 TEXT PRIMARY KEY, origin_sha256 TEXT, file_name TEXT, source TEXT, source_id TEXT, image_url TEXT,
  page_url TEXT, title TEXT, creator TEXT, license TEXT, license_url TEXT, credit TEXT, searchtag TEXT, at TEXT);
"""
LABELS_WITHOUT_SAMPLING = """
CREATE TABLE labels(
  sha256 TEXT PRIMARY KEY, label TEXT NOT NULL, given_by TEXT NOT NULL, score REAL, model TEXT, at TEXT);
"""
LABELS = """
CREATE TABLE labels(
  sha256 TEXT PRIMARY KEY, label TEXT NOT NULL, given_by TEXT NOT NULL, score REAL, model TEXT, at TEXT,
  came TEXT NOT NULL DEFAULT 'whole');
"""
SORTINGS = """
CREATE TABLE sortings(
  folder TEXT NOT NULL, file_name TEXT NOT NULL, sha256 TEXT NOT NULL, place TEXT NOT NULL, label TEXT NOT NULL,
  score REAL, model TEXT, at TEXT, PRIMARY KEY(folder, sha256));
CREATE INDEX sortings_sha ON sortings(sha256);
"""
DOWNLOADS = """
CREATE TABLE downloads(
  searchtag TEXT PRIMARY KEY, asked INTEGER NOT NULL, sources TEXT NOT NULL, had INTEGER NOT NULL, at TEXT NOT NULL);
"""
APPROVALS = "CREATE TABLE approvals(folder TEXT PRIMARY KEY, at TEXT);"
SPLITS = "CREATE TABLE splits(sha256 TEXT PRIMARY KEY, part TEXT NOT NULL, version INTEGER NOT NULL);"
DECISIONS = """
CREATE TABLE decisions(
  number INTEGER PRIMARY KEY, action INTEGER NOT NULL, folder TEXT NOT NULL, sha256 TEXT NOT NULL, kind TEXT NOT NULL,
  label TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL, page TEXT NOT NULL, came TEXT NOT NULL,
  who TEXT NOT NULL, at TEXT NOT NULL, state TEXT NOT NULL, before TEXT NOT NULL);
CREATE INDEX decisions_folder ON decisions(folder, state);
CREATE INDEX decisions_state ON decisions(state, action);
"""
DECISIONS_OF_A_PAGE = """
CREATE INDEX decisions_sha ON decisions(sha256);
CREATE INDEX decisions_page ON decisions(page);
"""
LABEL_KEYS = "CREATE TABLE label_keys(label TEXT PRIMARY KEY, place INTEGER NOT NULL);"

_FIRST = (ARCHIVE, IMAGES, SORTINGS, APPROVALS, SPLITS)
OLD = {
    "the first": (*_FIRST, LABELS_WITHOUT_SAMPLING),
    "with unfinished downloads": (*_FIRST, LABELS_WITHOUT_SAMPLING, DOWNLOADS),
    "with sampling": (*_FIRST, LABELS, DOWNLOADS),
    "with decisions": (*_FIRST, LABELS, DOWNLOADS, DECISIONS),
    "with pages": (*_FIRST, LABELS, DOWNLOADS, DECISIONS, DECISIONS_OF_A_PAGE),
    "with keys of labels": (*_FIRST, LABELS, DOWNLOADS, DECISIONS, DECISIONS_OF_A_PAGE, LABEL_KEYS),
}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


A, B, C, D = map(sha, "abcd")
FOLDER = "sorted_20261124_101112"
BEFORE = {"sha256": C, "label": "built", "given_by": "human", "score": None, "model": "", "at": "x", "came": "drawn"}
ROWS = {
    "archive": [
        ("openverse", "1", "https://example.org/1", sha("origin a"), A, "kept", "", "2026-11-23T10:00:00+00:00"),
        ("openverse", "2", "https://example.org/2", None, None, "gone", "404", "2026-11-23T10:00:01+00:00"),
        ("commons", "3", "https://example.org/3", sha("origin b"), A, "duplicate", None, "2026-11-23T10:00:02+00:00"),
    ],
    "images": [
        (
            A,
            sha("origin a"),
            "robotart_1_100000.jpg",
            "openverse",
            "1",
            "https://example.org/1",
            "https://example.org",
            "Tin robot",
            "Jo",
            "by",
            "https://creativecommons.org/licenses/by/4.0/",
            "Jo, CC BY 4.0",
            "robotart",
            "then",
        )
    ],
    "labels": [(A, "built", "robot", 0.97, "0123456789abcdef", "then"), (B, "drawn", "human", None, "", None)],
    "sortings": [
        (FOLDER, "robotart_1_100000_967.jpg", A, "built", "built", 0.9671, "0123456789abcdef", "20261124_101112"),
        (FOLDER, "robotart_2_100000_411.jpg", B, "drawn_under925", "drawn", 0.4119, "0123456789abcdef", "then"),
    ],
    "downloads": [("robotart", 200, "openverse,commons", 60, "2026-11-24T09:00:00+00:00")],
    "approvals": [(FOLDER, "20261124_111213"), ("sorted_20261123_000000", None)],
    "splits": [(A, "train", 1), (B, "test", 1), (C, "test", 2)],
    "decisions": [
        (
            1,
            1,
            FOLDER,
            A,
            "keep",
            "built",
            "testing_photos/r/1.jpg",
            "testing_photos/r/1.jpg",
            "p1",
            "whole",
            "jo",
            "t",
            "done",
            "",
        ),
        (
            2,
            2,
            "training_photos",
            C,
            "label",
            "drawn",
            "training_photos/r/built/3.jpg",
            "training_photos/r/drawn/3.jpg",
            "p2",
            "chosen",
            "jo",
            "t",
            "undone",
            json.dumps(BEFORE),
        ),
        (
            3,
            3,
            FOLDER,
            D,
            "aside",
            "",
            "testing_photos/r/4.jpg",
            "testing_photos/r/quarantine/4.jpg",
            "p1",
            "drawn",
            "jo",
            "t",
            "over",
            "",
        ),
    ],
    "label_keys": [("drawn", 1), ("built", 2)],
}


def make(path, statements, version=0):
    """A catalogue with these tables and some rows in each; the labels' images were drawn at random, where that could
    be recorded."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.executescript(statement)
        for table, columns in tables(db).items():
            rows = [(*row, RANDOM)[: len(columns)] for row in ROWS[table]]
            db.executemany(f"INSERT INTO {table} VALUES({','.join('?' * len(columns))})", rows)
        db.execute(f"PRAGMA user_version = {version}")
        db.commit()
    return path


def tables(db) -> dict[str, list[str]]:
    names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    return {name: [row[1] for row in db.execute(f"PRAGMA table_info({name})")] for name in names}


def everything(path) -> dict[str, list[dict]]:
    """All rows of all tables, read without this program."""
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        return {
            name: [dict(zip(columns, row, strict=True)) for row in db.execute(f"SELECT * FROM {name} ORDER BY 1, 2")]
            for name, columns in tables(db).items()
        }


def version_of(path) -> int:
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        return db.execute("PRAGMA user_version").fetchone()[0]


def assert_keeps(now, before) -> None:
    """Everything of before is there, in the same tables; a label from before sampling was recorded counts as whole."""
    for table, rows in before.items():
        if table == "labels":
            rows = [{"came": WHOLE_FOLDER, **row} for row in rows]
        assert now[table] == rows


@pytest.fixture(params=OLD)
def old(request, tmp_path):
    """A catalogue of each earlier program."""
    return make(tmp_path / "robots.sqlite", OLD[request.param])


# An earlier one is migrated


def test_a_catalogue_of_every_earlier_program_opens_and_keeps_every_row(old):
    before = everything(old)
    with Catalogue.open(old) as catalogue:
        assert catalogue.damaged is None and not catalogue.is_unfilled
    assert_keeps(everything(old), before)
    assert version_of(old) == schema.VERSION


def test_what_it_says_is_read_in_todays_words(old):
    has = set(everything(old))
    sampling = RANDOM if "came" in everything(old)["labels"][0] else WHOLE_FOLDER
    with Catalogue.open(old) as catalogue:
        assert catalogue.labels() == {
            A: Label(A, "built", MODEL, 0.97, "0123456789abcdef", "then", sampling),
            B: Label(B, "drawn", PERSON, None, "", None, sampling),
        }
        assert catalogue.splits() == {A: "train", B: "test", C: "test"} and catalogue.split_version() == 2
        assert catalogue.held_out_by(1) == {B} and catalogue.held_out_by(2) == {B, C}
        assert catalogue.approved() == {FOLDER, "sorted_20261123_000000"}
        assert catalogue.archived("openverse", "2", "").status == "gone" and catalogue.archive_size("openverse") == 2
        assert catalogue.archived_content(sha("origin a")).sha256 == A
        image = catalogue.image(A)
        assert (image.licence, image.licence_url) == ("by", "https://creativecommons.org/licenses/by/4.0/")
        assert image.credit == "Jo, CC BY 4.0" and catalogue.images_of("robotart") == [image]
        assert {s.place: s.score for s in catalogue.sortings(FOLDER).values()} == {
            "built": 0.9671,
            "drawn_under925": 0.4119,
        }
        assert (begun := catalogue.begun("robotart")) is None or (begun.asked, begun.had) == (200, 60)
        assert (begun is None) == ("downloads" not in has)
        done = decided_in(catalogue, FOLDER)
        assert [(d.label, d.sampling, d.who) for d in done.values()] == [("built", WHOLE_FOLDER, "jo")] * (
            "decisions" in has
        )
        assert [json.loads(d.before) for d in catalogue.decisions("undone")] == [BEFORE] * ("decisions" in has)
        assert catalogue.last_decision() == 3 * ("decisions" in has)
        wanted = ["drawn", "built", "mechs"] if "label_keys" in has else ["built", "drawn", "mechs"]
        assert catalogue.by_keys(["built", "drawn", "mechs"]) == wanted
        assert catalogue.groups() == {}


def test_a_migrated_catalogue_has_the_tables_of_a_new_one(old, tmp_path):
    with Catalogue.open(old), Catalogue.open(tmp_path / "new.sqlite"):
        pass
    shapes = [layout(path) for path in (old, tmp_path / "new.sqlite")]
    assert shapes[0] == shapes[1]


def layout(path) -> tuple[dict, set]:
    with contextlib.closing(sqlite3.connect(path)) as db:
        columns = {
            name: [tuple(row[1:]) for row in db.execute(f"PRAGMA table_info({name})")] for name in sorted(tables(db))
        }
        indexes = set(db.execute("SELECT name, tbl_name FROM sqlite_master WHERE type='index'"))
    return columns, indexes


def test_what_is_written_into_a_migrated_catalogue_comes_back(old):
    with Catalogue.open(old) as catalogue:
        assert catalogue.add_splits({A: "test"}) == 3  # it trained then; from now on it measures
        catalogue.set_labels([Label(D, "mechs", PERSON, sampling=RANDOM)])
        catalogue.set_groups({C: "one afternoon", D: "one afternoon"})
        catalogue.put_decisions([Decision(9, 9, FOLDER, B, "keep", "drawn", "s", "s", "p", RANDOM, "jo", "t", "done")])
    with Catalogue.open(old) as catalogue:
        assert catalogue.held_out_by(2) == {B, C} and catalogue.held_out_by(3) == {A, B, C}
        assert catalogue.label(D).sampling == RANDOM and catalogue.groups()[D] == "one afternoon"
        assert decided_in(catalogue, FOLDER)[B].number == 9


def test_a_copy_lies_beside_it_from_before(old):
    before, tables_before = everything(old), layout(old)
    with Catalogue.open(old) as catalogue:
        catalogue.set_labels([Label(D, "mechs", PERSON)])
    copy = old.with_name("robots.v0.sqlite")
    assert everything(copy) == before and layout(copy) == tables_before and version_of(copy) == 0
    assert sorted(path.name for path in old.parent.iterdir()) == ["robots.sqlite", "robots.v0.sqlite"]


def test_the_copy_is_made_once(old):
    for _ in range(2):
        with Catalogue.open(old):
            pass
    assert sorted(path.name for path in old.parent.iterdir()) == ["robots.sqlite", "robots.v0.sqlite"]


def test_a_new_catalogue_needs_no_copy(tmp_path):
    with Catalogue.open(tmp_path / "robots.sqlite"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["robots.sqlite"] and version_of(
        tmp_path / "robots.sqlite"
    ) == schema.VERSION


def test_whoever_goes_back_to_the_copy_and_works_on_loses_nothing_by_migrating_again(old):
    """The copy is put back by hand, an earlier program writes into it, then this one opens it: a second copy."""
    with Catalogue.open(old):
        pass
    shutil.copy(old.with_name("robots.v0.sqlite"), old)
    with contextlib.closing(sqlite3.connect(old)) as db:
        db.execute("INSERT INTO approvals VALUES('sorted_20261130_000000', 'later')")
        db.commit()
    before = everything(old)
    with Catalogue.open(old) as catalogue:
        assert "sorted_20261130_000000" in catalogue.approved()
    assert everything(old.with_name("robots.v0_2.sqlite")) == before
    assert "sorted_20261130_000000" not in {
        row["folder"] for row in everything(old.with_name("robots.v0.sqlite"))["approvals"]
    }


def test_a_catalogue_of_version_one_is_migrated_too(tmp_path):
    path = make(tmp_path / "robots.sqlite", OLD["with keys of labels"], version=1)
    before = everything(path)
    with Catalogue.open(path) as catalogue:
        catalogue.set_groups({A: "g"})
    assert_keeps({**everything(path), "image_groups": []}, before)
    assert version_of(path) == schema.VERSION and version_of(path.with_name("robots.v1.sqlite")) == 1


def test_two_that_open_it_at_once_migrate_it_once(old):
    """The second waits for the first and finds it migrated."""
    first, second = (sqlite3.connect(old, timeout=10) for _ in range(2))
    with contextlib.closing(first), contextlib.closing(second):
        asked = []

        class Late:
            """The second connection: it read version 0, and the first one is faster."""

            def execute(self, sql, *values):
                asked.append(sql)
                if sql == "BEGIN IMMEDIATE":
                    schema.bring_up_to_date(first, old)
                return second.execute(sql, *values)

        schema.bring_up_to_date(Late(), old)
    assert not [sql for sql in asked if "CREATE" in sql or "ALTER" in sql]
    assert version_of(old) == schema.VERSION and not old.with_name("robots.v0_2.sqlite").exists()


# Killed in the middle


@pytest.fixture
def old_tree():
    """The data folder of an earlier program whose images are long known: a catalogue without version, in use."""
    root = world.fresh(world.to_harvest)
    downgrade(root / "catalogues/robots.sqlite")
    return root


def downgrade(path) -> None:
    """As the program before version numbers would have left this catalogue."""
    rows = {table: rows for table, rows in everything(path).items() if table not in ("image_groups", "label_changes")}
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as db:
        for statement in OLD["with keys of labels"]:
            db.executescript(statement)
        for table, found in rows.items():
            for row in found:
                db.execute(
                    f"INSERT INTO {table}({','.join(row)}) VALUES({','.join('?' * len(row))})", tuple(row.values())
                )
        db.commit()


def test_killed_anywhere_in_the_migration_the_next_run_finishes_it(old_tree):
    path = old_tree / "catalogues/robots.sqlite"
    bytes_before, before, labels = path.read_bytes(), everything(path), world.state(old_tree)["labels"]
    states, nth = set(), 0
    while True:
        nth += 1
        for left in path.parent.iterdir():
            left.unlink()
        path.write_bytes(bytes_before)
        killed = run(old_tree, "robots", "models", nth=nth)
        if killed.code != -9:
            break
        assert_keeps(everything(path), before)
        states.add(version_of(path))
        again = run(old_tree, "robots", "models")
        assert (again.code, again.err) == (0, "") and "damaged" not in again.out
        assert_keeps(everything(path), before)
        assert version_of(path) == schema.VERSION and world.state(old_tree)["labels"] == labels
        assert everything(path.with_name("robots.v0.sqlite")) == before
        assert sorted(p.name for p in path.parent.iterdir()) == ["robots.sqlite", "robots.v0.sqlite"]
    assert killed.code == 0 and nth > 20
    assert states == {0, schema.VERSION}  # never anything between


def test_killed_while_a_lost_catalogue_is_filled_again_no_label_becomes_a_persons():
    """What the model labelled is read from journals and score files; a run that is killed meanwhile leaves no catalogue
    that looks complete."""
    root = world.fresh(world.to_undo)
    world.put(world.unsorted(root), "drawn", range(400, 403))
    sure = {"ROBOFLOW_CONFIDENCE_MIN": "0", "ROBOFLOW_DISTANCE_GATE": "no"}
    assert run(root, "robots", "0", "mine", "classify_top", environ=sure, clock_s=60).code == 0
    by_model = [row for row in world.state(root)["labels"] if row[2] == MODEL]
    waiting = world.sorted_folders(root)[0].name
    path = root / "catalogues/robots.sqlite"
    placed = {(row["sha256"], row["place"]) for row in everything(path)["sortings"] if row["folder"] == waiting}
    assert by_model and placed
    nth = 0
    while True:
        nth += 1
        for left in path.parent.iterdir():
            left.unlink()
        killed = run(root, "robots", "models", nth=nth)
        if killed.code != -9:
            break
        assert run(root, "robots", "models").code == 0
        assert [row for row in world.state(root)["labels"] if row[2] == MODEL] == by_model
        assert {(row["sha256"], row["place"]) for row in everything(path)["sortings"]} == placed
    assert killed.code == 0 and nth > 20


@pytest.mark.parametrize("how", ["ENOSPC", "EIO", "EROFS"])
def test_a_disk_that_fails_in_the_migration_costs_a_sentence(old_tree, how):
    path = old_tree / "catalogues/robots.sqlite"
    bytes_before, before = path.read_bytes(), everything(path)
    failed = 0
    for nth in range(1, 40, 2):
        for left in path.parent.iterdir():
            left.unlink()
        path.write_bytes(bytes_before)
        broken = run(old_tree, "robots", "models", nth=nth, how=how)
        assert broken.code in (0, 1) and "mistake" not in broken.err and "damaged" not in broken.out + broken.err
        failed += broken.code
        assert_keeps(everything(path), before)
        again = run(old_tree, "robots", "models")
        assert again.code == 0 and version_of(path) == schema.VERSION
        assert_keeps(everything(path), before)
    assert failed


# A later one is refused


@pytest.fixture(params=["another table", "a kind of table unknown here", "another kind of journal"])
def later(request, tmp_path):
    """A catalogue of a later program, which may hold anything."""
    path = tmp_path / "tf/catalogues/robots.sqlite"
    with Catalogue.open(path) as catalogue:
        catalogue.set_labels([Label(A, "built", PERSON)])
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE dreams(sha256 TEXT)")
        db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
        db.commit()
        if request.param == "another kind of journal":
            db.execute("PRAGMA journal_mode = WAL")
        elif request.param == "a kind of table unknown here":
            db.execute("PRAGMA writable_schema = 1")
            db.execute("UPDATE sqlite_master SET sql='CREATE SPHERE dreams(sha256 TEXT)' WHERE name='dreams'")
            db.commit()
    return path


def test_a_later_catalogue_is_refused_in_one_sentence_with_both_versions(later):
    bytes_before = later.read_bytes()
    with pytest.raises(RoboError) as refused:
        Catalogue.open(later)
    assert (
        refused.value.message
        == f"The catalogue {later} has version {schema.VERSION + 1}, and this RoboFlow knows versions up to {schema.VERSION}."
    )
    assert refused.value.code == FAILED and "Nothing was touched" in refused.value.hint
    assert later.read_bytes() == bytes_before and [path.name for path in later.parent.iterdir()] == ["robots.sqlite"]


@pytest.mark.parametrize(
    "command",
    [
        ("harvest",),
        ("0", "0", "retrain_defaults"),
        ("models",),
        ("undo",),
        ("harvest", "--dry-run"),
        ("check", "--no-browser"),
    ],
    ids=" ".join,
)
def test_no_command_touches_a_later_catalogue_or_an_image(command):
    root = world.fresh(world.to_undo)
    path = root / "catalogues/robots.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 7")
        db.commit()
    bytes_before, images = path.read_bytes(), world.state(root)["images"]
    done = run(root, "robots", *command)
    assert done.code == 1 and done.out == ""
    lines = done.err.splitlines()
    assert (
        lines[0]
        == f"oh no. The catalogue {path} has version 7, and this RoboFlow knows versions up to {schema.VERSION}."
    )
    assert len(lines) == 2 and "Use the newer RoboFlow" in lines[1]
    assert path.read_bytes() == bytes_before and [p.name for p in path.parent.iterdir()] == [path.name]
    assert world.state(root)["images"] == images


def test_status_of_a_later_catalogue_says_what_can_be_read():
    root = world.fresh(world.to_harvest)
    path = root / "catalogues/robots.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 7")
        db.commit()
    bytes_before = path.read_bytes()
    done = run(root, "robots", "status")
    assert done.code == 0 and "training images: built 20, drawn 20" in done.out and path.read_bytes() == bytes_before


def test_status_reads_a_catalogue_of_every_earlier_program_and_changes_nothing(old_tree):
    path = old_tree / "catalogues/robots.sqlite"
    for statements in OLD.values():
        path.unlink()
        make(path, statements)
        bytes_before = path.read_bytes()
        (world.testing(old_tree) / FOLDER / "built").mkdir(parents=True, exist_ok=True)
        world.put(world.testing(old_tree) / FOLDER / "built", "built", range(900, 901))
        found = json.loads(run(old_tree, "robots", "status", "--json").out)["robots"]
        assert FOLDER in found["looked_at"]  # approved, as every one of these catalogues says
        assert path.read_bytes() == bytes_before


# What is not known here stays


def test_columns_and_tables_that_are_not_known_here_stay_with_their_values(tmp_path):
    """A later program may add columns; whatever is written about a row, they keep what is in them."""
    path = make(tmp_path / "robots.sqlite", OLD["with keys of labels"])
    with Catalogue.open(path):
        pass
    known = [name for name in ROWS if everything(path)[name]]
    with contextlib.closing(sqlite3.connect(path)) as db:
        for table in known:
            db.execute(f"ALTER TABLE {table} ADD COLUMN mood TEXT")
            db.execute(f"UPDATE {table} SET mood = 'warm'")
        db.execute("CREATE TABLE dreams(sha256 TEXT, what TEXT)")
        db.execute("INSERT INTO dreams VALUES(?, 'electric sheep')", (A,))
        db.commit()
    with Catalogue.open(path) as catalogue:
        rewrite_every_row(catalogue)
    after = everything(path)
    assert after["dreams"] == [{"sha256": A, "what": "electric sheep"}]
    assert after["labels"][0]["label"] != ROWS["labels"][0][1] or after["labels"][1]["label"] != ROWS["labels"][1][1]
    for table in known:
        assert [row["mood"] for row in after[table]] == ["warm"] * len(ROWS[table]), table


def rewrite_every_row(catalogue: Catalogue) -> None:
    """Write about everything in ROWS again, with other values where there are any."""
    entries = [ArchiveEntry(s, i, url, "kept", "now", "", o or "", h or "") for s, i, url, o, h, *_ in ROWS["archive"]]
    catalogue.archive(*entries[1:])
    catalogue.keep((entries[0], Image(*ROWS["images"][0][:-1], "now")))
    catalogue.set_labels([Label(one, "mechs", PERSON, sampling=RANDOM) for one in (A, B)])
    catalogue.add_sortings([SortedCopy(*row[:3], "mechs", *row[4:]) for row in ROWS["sortings"]])
    catalogue.begin(catalogue.begun("robotart"))
    for folder, _ in ROWS["approvals"]:
        catalogue.approve(folder, "now")
    assert catalogue.add_splits({A: "test", B: "train", C: "train"}) == 3
    states = ("done", "undone", "over")
    catalogue.put_decisions([d for state in states for d in catalogue.decisions(state)])
    catalogue.by_keys(["built", "drawn"])


# The way back


@pytest.mark.parametrize("earlier", OLD)
def test_which_earlier_programs_can_go_on_with_a_migrated_catalogue(old, earlier):
    """Those programs made the tables that were missing and wanted exactly their columns. All that know labels.came can
    go on; for those before it, as for them every later catalogue was damaged, there is the copy."""
    with Catalogue.open(old) as catalogue:
        catalogue.set_groups({A: "one afternoon"})
    before = everything(old)
    with contextlib.closing(sqlite3.connect(old)) as db:
        for statement in OLD[earlier]:
            db.executescript(
                statement.replace("TABLE ", "TABLE IF NOT EXISTS ").replace("INDEX ", "INDEX IF NOT EXISTS ")
            )
        now = tables(db)
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        for statement in OLD[earlier]:
            db.executescript(statement)
        wanted = tables(db)
    fits = all(now[name] == columns for name, columns in wanted.items())
    assert fits == ("came" in wanted["labels"])
    assert everything(old) == before  # and so are the groups, which they do not know


# Damage is damage


@pytest.mark.parametrize("statements", OLD.values(), ids=OLD)
def test_a_damaged_catalogue_of_an_earlier_program_is_renamed_as_it_is(tmp_path, statements):
    path = make(tmp_path / "robots.sqlite", statements)
    data = bytearray(path.read_bytes())
    data[100:2000] = bytes(1900)
    path.write_bytes(data)
    with Catalogue.open(path) as catalogue:
        assert catalogue.damaged == tmp_path / "robots.damaged" and catalogue.is_unfilled
        assert catalogue.labels() == {}
    assert (tmp_path / "robots.damaged").read_bytes() == data


def test_a_database_of_something_else_is_renamed_as_it_is(tmp_path):
    path = tmp_path / "robots.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE labels(x)")
        db.commit()
    data = path.read_bytes()
    with Catalogue.open(path) as catalogue:
        assert catalogue.damaged == tmp_path / "robots.damaged"
    assert (tmp_path / "robots.damaged").read_bytes() == data
