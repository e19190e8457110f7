"""Train the embedded backbone from folders of labelled pictures and write it as a SavedModel.

    python -m scripts.pretrain --data DIR [--data DIR ...] --time-budget 480

Reads folders whose leaf folders are classes.  Writes checkpoints (resumed when the same command
runs again) and, at the end, --output: a SavedModel with float16 weights and backbone.json.
The network trains on whatever backend KERAS_BACKEND names; --export-only writes the SavedModel from
a finished checkpoint and is the one part that needs TensorFlow.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

if __package__ in (None, ""):  # started as a file: make `scripts` importable all the same
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import pretrain_data as data
from scripts import pretrain_net as net

HERE = Path(__file__).resolve().parent.parent
DEFAULT_OUTPUT = HERE / "tf_files" / "models" / "embedded"
PEAK_RATE = 2e-3  # AdamW's learning rate at its highest
WARM_UP = 0.05  # share of the run over which the rate climbs
WEIGHT_DECAY = 0.05
EXPORT_DRAWINGS = 0.1  # share of drawings where only the features' scale is measured
RENDERING_WEIGHT = 0.3  # of the second task, beside 1 for the classes
SIDES = ((0.45, 64), (0.85, 96), (1.0, 112))  # (until this share of the run, picture side in pixels)


@dataclass
class Progress:
    """Where a run stands; the schedule follows whichever limit is nearer to its end."""

    step: int = 0
    seconds: float = 0.0
    steps: int | None = None  # limit, or None
    budget: float | None = None  # limit in seconds, or None
    peak: float = PEAK_RATE
    least: int = 0  # pixels; no training picture is smaller

    def share(self) -> float:
        """0 at the start, 1 at the end."""
        shares = [self.step / self.steps if self.steps else 0.0]
        shares.append(self.seconds / self.budget if self.budget else 0.0)
        return min(1.0, max(shares))

    def rate(self) -> float:
        """Learning rate: a short climb, then half a cosine down to nearly nothing."""
        share = self.share()
        climb = min(1.0, (share + 0.2 * WARM_UP) / WARM_UP)
        return self.peak * climb * (0.5 * (1 + np.cos(np.pi * share)) + 1e-3)

    def side(self) -> int:
        """Small pictures first: most of what is learnt from them costs a third of the time."""
        return max(self.least, next(side for until, side in SIDES if self.share() <= until))


def make_model(classes: int):
    """The compiled network; two losses, the class loss skipping pictures of weight 0."""
    import keras

    model = net.build(classes, len(data.RENDERINGS))
    model.compile(
        optimizer=keras.optimizers.AdamW(PEAK_RATE, weight_decay=WEIGHT_DECAY, clipnorm=5.0),
        loss=[keras.losses.CategoricalCrossentropy(from_logits=True) for _ in range(2)],
        loss_weights=[1.0, RENDERING_WEIGHT],
    )
    model.optimizer.build(model.trainable_variables)
    return model


def make_stream(batches: data.Batches, first: int, count: int, side: int):
    """`count` batches from step `first` on, as what Keras reads on every backend."""
    import keras

    class Stream(keras.utils.PyDataset):
        def __len__(self):
            return count

        def __getitem__(self, index):
            images, classes, renderings, weights = batches.batch(first + index, side)
            return images, (classes, renderings), (weights, np.ones_like(weights))

    # One worker thread: batches stay in order, and are cut while the network computes.
    return Stream(workers=1, use_multiprocessing=False, max_queue_size=8)


def save_checkpoint(folder: Path, model, progress: Progress, names: list[str]) -> None:
    """Weights, optimiser state and progress in one file, written beside and renamed."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {f"w{i}": w for i, w in enumerate(model.get_weights())}
    arrays |= {f"o{i}": np.asarray(v) for i, v in enumerate(model.optimizer.variables)}
    note = {"step": progress.step, "seconds": progress.seconds, "classes": names}
    fresh = folder / "checkpoint.npz.part"
    with fresh.open("wb") as file:
        np.savez(file, note=np.array(json.dumps(note)), **arrays)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / "checkpoint.npz")


def load_checkpoint(folder: Path, model, progress: Progress, names: list[str]) -> bool:
    """Put a saved run back into `model` and `progress`; False where there is none.

    Raises:
        ValueError: the checkpoint was made with other classes.
    """
    path = folder / "checkpoint.npz"
    if not path.exists():
        return False
    with np.load(path) as saved:
        note = json.loads(str(saved["note"]))
        if note["classes"] != names:
            raise ValueError(f"{path} was made with other classes; choose another --checkpoints folder")
        model.set_weights([saved[f"w{i}"] for i in range(len(model.get_weights()))])
        for i, variable in enumerate(model.optimizer.variables):
            variable.assign(saved[f"o{i}"])
    progress.step, progress.seconds = note["step"], note["seconds"]
    return True


def warm_restart(folder: Path, model, names: list[str]) -> None:
    """Take a finished run's weights and optimiser state; steps and schedule begin anew.

    The rate climbs and falls once more (Loshchilov & Hutter, SGDR, 2017), which leads further than
    going on at the end of the first fall.

    Raises:
        ValueError: there is no checkpoint, or it was made with other classes.
    """
    finished = Progress()
    if not load_checkpoint(folder, model, finished, names):
        raise ValueError(f"no checkpoint in {folder}")
    print(f"restarted from {folder}, trained for {finished.step} steps", flush=True)


def train(pool: data.Pool, args, progress: Progress):
    """Train until a limit is reached; returns the model.  A checkpoint is kept after every chunk."""
    import keras

    keras.utils.set_random_seed(args.seed)
    model = make_model(len(pool.names))
    batches = data.Batches(pool, args.batch, args.seed, args.drawings, args.cutmix, args.least_crop)
    if load_checkpoint(args.checkpoints, model, progress, pool.names):
        print(f"resumed at step {progress.step}, {progress.seconds / 60:.1f} minutes in", flush=True)
    elif args.start:
        warm_restart(args.start, model, pool.names)
    while progress.share() < 1:
        chunk = min(args.chunk, (progress.steps or 10**9) - progress.step)
        rate, side = progress.rate(), progress.side()
        model.optimizer.learning_rate = rate
        started = time.monotonic()
        history = model.fit(make_stream(batches, progress.step, chunk, side), epochs=1, verbose=0).history
        took = time.monotonic() - started
        progress.step += chunk
        progress.seconds += took
        save_checkpoint(args.checkpoints, model, progress, pool.names)
        print(
            f"step {progress.step}  {progress.share():4.0%}  {progress.seconds / 60:.1f} min  side {side}"
            f"  rate {rate:.5f}  loss {history['loss'][0]:.3f}  {chunk * args.batch / took:.0f} images/s",
            flush=True,
        )
        if not np.isfinite(history["loss"][0]):
            raise FloatingPointError("the loss is no longer a number; lower the learning rate")
    return model


def hold_out(roots: list[Path], count: int, seed: int) -> set[str]:
    """Names of `count` random classes, to be left out and used for comparing recipes."""
    names = sorted({folder.name for folder in data.class_folders(roots)})
    return set(np.random.default_rng([seed, 6]).permutation(names)[:count].tolist())


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", action="append", type=Path, required=True, help="folder of class folders")
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT, help="where the SavedModel goes")
    parser.add_argument("--checkpoints", type=Path, default=Path("pretrain_checkpoints"))
    parser.add_argument("--start", type=Path, help="checkpoint folder of a finished run to begin a new schedule from")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--time-budget", type=float, help="minutes of training; the schedule fits them")
    parser.add_argument("--steps", type=int, help="training steps, instead of or beside a time budget")
    parser.add_argument("--peak-rate", type=float, default=PEAK_RATE, help="highest learning rate")
    parser.add_argument("--least-side", type=int, default=0, help="never train on smaller pictures, pixels")
    parser.add_argument("--batch", type=int, default=128, help="pictures a step")
    parser.add_argument("--chunk", type=int, default=64, help="steps between checkpoints and progress lines")
    parser.add_argument("--drawings", type=float, default=0.2, help="share of drawings in a batch, 0..1")
    parser.add_argument("--cutmix", type=float, default=0.2, help="chance that a batch is cut and mixed, 0..1")
    parser.add_argument("--least-crop", type=float, default=0.25, help="smallest crop, share of a picture's area")
    parser.add_argument("--hold-out", type=int, default=0, help="leave this many classes out, to compare recipes")
    parser.add_argument("--precision", choices=("float32", "mixed_bfloat16"), default="mixed_bfloat16")
    parser.add_argument("--train-only", action="store_true", help="stop at the checkpoint; needs no TensorFlow")
    parser.add_argument("--export-only", action="store_true", help="write the SavedModel from the checkpoint")
    args = parser.parse_args(argv)
    if not args.export_only and not args.time_budget and not args.steps:
        parser.error("say how long: --time-budget MINUTES, --steps N, or both")
    return args


def read_pool(args) -> tuple[data.Pool, set[str]]:
    """The photos and the drawings made from them, and the names of the classes left out."""
    left_out = hold_out(args.data, args.hold_out, args.seed) if args.hold_out else set()
    if left_out:
        print("left out: " + ", ".join(sorted(left_out)), flush=True)
    photos = data.load_pool(args.data, left_out)
    print(f"{len(photos.pixels)} photos in {len(photos.names)} classes", flush=True)
    share = EXPORT_DRAWINGS if args.export_only else args.drawings
    pool = data.with_drawings(photos, share, args.seed)
    print(f"{len(pool.pixels) - len(photos.pixels)} drawings made from them", flush=True)
    return pool, left_out


def run(args) -> None:
    """Train, or take the checkpoint as it is; then export, then judge by the classes left out."""
    pool, left_out = read_pool(args)
    budget = args.time_budget * 60 if args.time_budget else None
    progress = Progress(steps=args.steps, budget=budget, peak=args.peak_rate, least=args.least_side)
    if args.export_only:
        model = make_model(len(pool.names))
        if not load_checkpoint(args.checkpoints, model, progress, pool.names):
            raise ValueError(f"no checkpoint in {args.checkpoints}")
    else:
        model = train(pool, args, progress)
    if args.train_only:
        return
    from scripts import pretrain_export

    pretrain_export.export(model, pool, args.output, args.seed)
    if left_out:
        unseen = data.load_pool(args.data, {f.name for f in data.class_folders(args.data)} - left_out)
        pretrain_export.judge(args.output, unseen)


def main(argv: list[str] | None = None) -> int:
    """0 done, 1 the data or the checkpoint will not do."""
    args = parse(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    keras.mixed_precision.set_global_policy(args.precision)
    try:
        run(args)
    except (ValueError, FloatingPointError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
