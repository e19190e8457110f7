"""Training images are exported as a plain imagefolder that other programs read as it is."""

import csv
import shutil

import pytest
from PIL import Image

import config as cfg
from flow.base.errors import BadUsage, NotReady
from flow.export import data, step
from flow.export.step import ExportOptions
from flow.records.open_catalogue import open_catalogue
from flow.records.rows import MODEL, Label
from tests.helpers import coloured_image


@pytest.fixture
def at_home(home, tf_files):
    cfg.path_to_tf_files = str(home)
    return home


def written(target, **options):
    with open_catalogue("robots") as catalogue:
        return step.export("robots", ExportOptions(data=target, **options), catalogue)


def rows_of(target):
    with open(target / "metadata.csv", encoding="utf-8", newline="") as reader:
        return list(csv.DictReader(reader))


def test_keras_reads_it(at_home, tmp_path):
    done = written(tmp_path / "robots")
    assert done.code == 0 and done.data.images == 72 and done.data.labels == {"built": 24, "drawn": 24, "not": 24}
    from scripts.learn.tensor import import_tensorflow

    tf = import_tensorflow()
    found = tf.keras.utils.image_dataset_from_directory(tmp_path / "robots", image_size=(32, 32), batch_size=24)
    assert found.class_names == ["built", "drawn", "not"]
    assert sum(len(labels) for _, labels in found) == 72


def test_metadata_names_the_source_of_each_image_and_who_labelled_it(at_home, tmp_path):
    with open_catalogue("robots") as catalogue:
        some = sorted(catalogue.labels().values(), key=lambda label: label.sha256)[:2]
        catalogue.set_labels([Label(some[0].sha256, some[0].label, MODEL, 0.97, "model")])
        catalogue.add_splits({some[1].sha256: "test"})
        catalogue.set_groups({some[0].sha256: "camera/1"})
    own = at_home / "training_photos" / "robots" / "built" / "my own.png"
    coloured_image((10, 20, 30), 1).save(own)
    written(tmp_path / "robots")
    rows = rows_of(tmp_path / "robots")
    columns = ["file_name", "label", "labelled_by", "score", "licence", "credit", "source", "split", "recording"]
    assert list(rows[0]) == columns
    assert len(rows) == 73 and all((tmp_path / "robots" / row["file_name"]).is_file() for row in rows)
    assert all(row["file_name"].startswith(f"{row['label']}/") for row in rows)
    assert [(row["score"], row["recording"]) for row in rows if row["labelled_by"] == "robot"] == [
        ("0.9700", "camera/1")
    ]
    assert sum(bool(row["recording"]) for row in rows) == 1
    assert sum(row["split"] == "test" for row in rows) == 1
    mine = next(row for row in rows if row["file_name"] == "built/my own.png")
    assert (mine["source"], mine["licence"], mine["credit"], mine["labelled_by"]) == ("own", "", "", "human")
    theirs = [row for row in rows if row is not mine]
    assert {row["source"] for row in theirs} == {"sample"} and {row["licence"] for row in theirs} == {"CC0 1.0"}
    assert all(row["credit"] for row in theirs)


def test_the_copies_equal_the_images_and_the_images_stay(at_home, tmp_path):
    before = {
        p.relative_to(at_home / "training_photos" / "robots"): p.read_bytes()
        for p in (at_home / "training_photos" / "robots").glob("*/*.jpg")
    }
    written(tmp_path / "robots")
    for name, raw in before.items():
        assert (tmp_path / "robots" / name).read_bytes() == raw
        assert (at_home / "training_photos" / "robots" / name).read_bytes() == raw


def test_a_content_that_is_there_twice_is_copied_once_and_a_damaged_one_never(at_home, tmp_path, capsys):
    built = at_home / "training_photos" / "robots" / "built"
    one = sorted(built.glob("*.jpg"))[0]
    shutil.copy(one, built / "zz_again.jpg")
    (built / "torn.jpg").write_bytes(one.read_bytes()[:300])
    done = written(tmp_path / "robots")
    assert (done.code, done.data.images, done.data.twice) == (3, 72, 1)
    assert [p.rsplit("/", 1)[1] for p in done.data.unreadable] == [
        "torn.jpg"
    ] and "1 unreadable left out" in done.line()
    assert not (tmp_path / "robots" / "built" / "torn.jpg").exists()


def test_credits_are_no_formulas(at_home, tmp_path):
    image = next((at_home / "training_photos" / "robots" / "built").glob("*.jpg"))
    with open_catalogue("robots") as catalogue:
        catalogue._db.execute("UPDATE images SET credit='=1+1' WHERE file_name=?", (image.name,))
        catalogue._db.commit()
        data.write_data(tmp_path / "robots", "robots", catalogue)
    row = next(row for row in rows_of(tmp_path / "robots") if row["file_name"] == f"built/{image.name}")
    assert row["credit"] == "'=1+1"


def test_file_names_that_are_no_text_are_made_readable(at_home, tmp_path):
    built = at_home / "training_photos" / "robots" / "built"
    Image.new("RGB", (40, 40), "red").save(built / "plain.png")
    (built / "plain.png").rename(str(built) + "/caf\udce9.png")
    written(tmp_path / "robots")
    assert any(row["file_name"] == "built/caf?.png" for row in rows_of(tmp_path / "robots"))
    assert (tmp_path / "robots" / "built" / "caf?.png").is_file()


def test_nothing_to_copy_and_nowhere_to_copy_to(at_home, tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(BadUsage, match="--data|overwritten"):
        written(tmp_path / "there")
    shutil.rmtree(at_home / "training_photos" / "robots")
    with pytest.raises(NotReady, match="no training images"):
        written(tmp_path / "robots")
    assert not (tmp_path / "robots").exists()
