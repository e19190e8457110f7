"""Photos as an iPhone has them go the whole loop: taken, trained on, tried, sorted, checked, harvested, exported."""

import json
from pathlib import Path

import pytest
from PIL import Image

from flow.sources.sample.drawings import draw_image
from tests.helpers import heic
from tests.terminal import run

EACH = 20
KINDS = ("built", "mechs")
SMALL = {"ROBOFLOW_RETRAIN_IMGSIZE_DEFAULT": "128", "ROBOFLOW_RETRAIN_STEPS_DEFAULT": "200"}
TRAIN = ("0", "0", "retrain_defaults", "--images-min", "20")


@pytest.fixture
def photos(tmp_path):
    """Forty HEIC files in folders named like labels, every other one held upright; beside one a Live Photo's film."""
    turned = Image.Exif()
    turned[0x0112] = 6
    for kind in KINDS:
        (tmp_path / "photos" / kind).mkdir(parents=True)
        for number in range(EACH):
            exif = turned.tobytes() if number % 2 else None
            path = tmp_path / f"photos/{kind}/IMG_{kind}_{number}.HEIC"
            path.write_bytes(heic(draw_image(kind, number), exif=exif))
    (tmp_path / "photos/built/IMG_built_0.MOV").write_bytes(b"\0\0\0\x14ftypqt  \0\0\0\0qt  ")
    return tmp_path / "photos"


def facts_of(home: Path, *arguments: str, code: int = 0) -> dict:
    done = run("robots", *arguments, "--tf-files", str(home), "--json", environ=SMALL)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)["results"]


def test_forty_photos_of_an_iphone_go_the_whole_loop(photos, small_eyes, tmp_path):
    home = tmp_path / "tf_files"
    home.mkdir()
    (home / "models").symlink_to(small_eyes)
    taken = facts_of(home, "take", str(photos))["take"]
    assert taken["labels"] == dict.fromkeys(KINDS, EACH) and taken["unreadable"] == 0
    first = facts_of(home, *TRAIN)["retrain"]
    assert first["unreadable"] == 0 and first["accuracy"]["total"] == 2 * EACH and first["accuracy"]["value"] > 0.6

    film = photos / "built/IMG_built_0.MOV"
    tried = facts_of(home, "try", str(photos / "mechs/IMG_mechs_1.HEIC"), str(film), code=3)["try"]
    assert tried["pictures"][0]["label"] == "mechs"
    assert tried["unreadable"] == {str(film): "not an image: a Live Photo's film; its image is IMG_built_0.HEIC"}

    new = tmp_path / "new"
    new.mkdir()
    for number in range(6):
        (new / f"IMG_{number}.heic").write_bytes(heic(draw_image(KINDS[number % 2], 100 + number)))
    facts = facts_of(home, "6", "mine", "classify_top", "--source", f"folder:{new}")
    assert facts["download"]["kept"] == 6 and sum(facts["classify"]["places"].values()) == 6
    facts_of(home, "approve")
    harvested = facts_of(home, "harvest")["harvest"]["human"]
    assert harvested > 0
    exported = facts_of(home, "export", "--data", str(tmp_path / "data"))["export"]
    assert len(list((tmp_path / "data").rglob("*.HEIC"))) == 2 * EACH and exported
    again = facts_of(home, *TRAIN)["retrain"]
    images = [path for path in (home / "training_photos/robots").rglob("*") if path.is_file()]
    assert again["unreadable"] == 0 and len(images) == 2 * EACH + harvested
