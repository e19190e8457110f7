"""Are the figures true where images come as recordings? Folds over frames, near-duplicates and recordings compared.

For each folder and seed three labels are drawn, and some images of each. Each image becomes a recording of some frames,
as a hand moves, turns and the light changes. The reported accuracy is compared with that on one frame each of 75
recordings of other images.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from scripts.learn import split
from scripts.learn.dataset import Dataset, LabeledImage
from scripts.learn.train import train
from scripts.studies import study_data
from scripts.studies.study_data import StudyData
from scripts.studies.table import Table, of

LABELS, TRUTH = 3, 25  # labels; recordings of each that tell the truth
WAYS = ("frames", "near-duplicates", "recordings")


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=8)
    p.add_argument("--recordings", type=int, default=6, help="of each label")
    p.add_argument("--frames", type=int, default=12, help="of each recording")


def frame(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The image as one frame sees it: 75 to 95 % of it, turned by up to 5 degrees, up to 15 % lighter or darker."""
    share, (w, h) = rng.uniform(0.75, 0.95), image.size
    left, top = rng.uniform(0, w * (1 - share)), rng.uniform(0, h * (1 - share))
    turned = image.rotate(rng.uniform(-5, 5), Image.Resampling.BILINEAR)
    cut = turned.crop((int(left), int(top), int(left + w * share), int(top + h * share)))
    return ImageEnhance.Brightness(cut).enhance(rng.uniform(0.85, 1.15))


def recorded(
    data: StudyData, images: list[LabeledImage], frames: int, home: Path
) -> tuple[list[LabeledImage], dict[str, str]]:
    """Frames of each image, and the content hash of each frame -> that of the image."""
    home.mkdir(parents=True, exist_ok=True)
    made: dict[Path, LabeledImage] = {}
    for original in images:
        rng = np.random.default_rng(int(original.sha256[:8], 16))
        with Image.open(original.path) as opened:
            pixels = opened.convert("RGB")
        for number in range(frames):
            path, seen = home / f"{original.sha256[:16]}_{number}.jpg", frame(pixels, rng)
            if not path.exists():
                seen.save(path, quality=90)
            made[path] = original
    shas = data.hashes.sha256s(list(made))
    found = [LabeledImage(path, original.label, shas[path]) for path, original in made.items()]
    return found, {shas[path]: original.sha256 for path, original in made.items()}


def by_frames(data: Dataset) -> Dataset:
    """The same dataset as if each frame stood for itself."""
    names = [image.sha256 for image in data.images]
    folds = split.folds([image.label for image in data.images], names, 10)
    return replace(data, groups=np.arange(len(names)), folds=np.array(folds), grouped=np.zeros(len(names), bool))


def one(data: StudyData, seed: int, flags: argparse.Namespace) -> dict[str, tuple[float, float, float, float]]:
    """Way -> (reported, low, high, true) of one drawing."""
    each, home = flags.recordings, flags.work / "frames"
    labels = data.some_labels(np.random.default_rng(seed), LABELS, each + 2 * TRUTH)
    start, others, _ = data.draw(seed, dict.fromkeys(labels, each), dict.fromkeys(labels, TRUTH))
    images, groups = recorded(data, start, flags.frames, home)
    single, _ = recorded(data, others, 1, home)
    vectors = data.embed(single)
    x = np.stack([vectors[image.sha256] for image in single])
    y = np.array([labels.index(image.label) for image in single])
    found = {}
    for way in WAYS:
        train_set = data.dataset(images, groups=groups if way == "recordings" else None)
        trained = train(by_frames(train_set) if way == "frames" else train_set, study_data.config(flags))
        share = trained.facts["accuracy"]
        true = float((trained.head.logits(x).argmax(axis=1) == y).mean())
        found[way] = (share["value"], share["low"], share["high"], true)
    return found


def run(flags: argparse.Namespace) -> None:
    title = f"{LABELS} labels x {flags.recordings} recordings x {flags.frames} frames"
    table = Table(title, "data        ", "folds by       ", "reported", "true", "interval holds", "width")
    held = []
    for name, data in study_data.each_folder(flags):
        runs = [one(data, seed, flags) for seed in range(flags.seeds)]
        for way in WAYS:
            reported, low, high, true = np.array([each[way] for each in runs]).T
            holds = (low <= true) & (true <= high)
            table.row(name, way, *map(float, (reported.mean(), true.mean())), of(holds), f"{(high - low).mean():.2f}")
        held += holds.tolist()
    print(f"by recordings the interval holds {of(held)}")
