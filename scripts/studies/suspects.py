"""Are wrong labels found? Labels made wrong at random, and how many are among the first of the list of suspects."""

import argparse
from dataclasses import replace

import numpy as np

from scripts.learn import metrics
from scripts.learn.train import train
from scripts.studies import study_data
from scripts.studies.table import Table

PLANTED, LOOKED_AT = 0.05, 0.10  # share of labels made wrong; share of images, likeliest first, that a person looks at


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=5)


def run(flags: argparse.Namespace) -> None:
    for name, data in study_data.each_folder(flags):
        table = Table(name, "seed", "images", "planted", "listed", "found in the first 10 %", "in as many as planted")
        found = []
        for seed in range(flags.seeds):
            rng = np.random.default_rng(seed)
            wrong = set(rng.permutation(len(data.images))[: round(PLANTED * len(data.images))].tolist())
            images = [
                replace(image, label=str(rng.choice([o for o in data.labels if o != image.label])))
                if i in wrong
                else image
                for i, image in enumerate(data.images)
            ]
            planted = {data.images[i].sha256 for i in wrong}
            train_set = data.dataset(images, data.random_split(images, seed))
            trained = train(train_set, study_data.config(flags))
            rows = np.flatnonzero(trained.folded)
            listed = metrics.suspects(trained.out_of_fold[rows], train_set.y[rows])
            hits = np.array([train_set.images[rows[i]].sha256 in planted for i in listed])
            there = sum(train_set.images[i].sha256 in planted for i in rows)
            first, as_many = hits[: round(LOOKED_AT * len(rows))].sum(), hits[:there].sum()
            found.append(first / there)
            table.row(seed, len(rows), there, len(listed), f"{first} = {found[-1]:.3f}", f"{as_many / there:.3f}")
        print(f"mean share found in the first 10 % of the training images: {np.mean(found):.3f}")
