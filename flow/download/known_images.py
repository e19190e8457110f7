"""What a basetag has already: contents and fingerprints of all images on disk and of those the catalogue remembers."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import config as cfg
from flow.base import files, paths
from flow.base.learning import api, hash_cache
from flow.records.catalogue import Catalogue
from flow.records.rows import KEPT


class KnownImages:
    """Answers whether a new image is there already, exactly or as a near-duplicate."""

    def __init__(self, basetag: str, catalogue: Catalogue, near: bool):
        """Read (or remember) all images of the basetag: training photos, unsorted, sorted and harvested ones.

        Args:
            near: whether near-duplicates are looked for at all.
        """
        self._hashes = hash_cache()
        self._fingerprints = api.FingerprintIndex()
        self._near = near
        by_path = self._hashes.sha256s(image_files(basetag))
        self.on_disk = {sha: path for path, sha in by_path.items()}
        finish_pending(catalogue, self.on_disk)
        self._contents = set(self.on_disk)
        images = catalogue.images()
        self._contents.update(image.sha256 for image in images)
        self._origins = {image.origin_sha256: image.sha256 for image in images if image.origin_sha256}
        if near:  # each costs a few milliseconds the first time, nothing later
            # Images that a person deleted are found by the fingerprint remembered from when they were there.
            files_of = {image.sha256: Path(os.devnull) for image in images} | self.on_disk
            for sha, fingerprint in sorted(self._hashes.fingerprints(files_of).items()):
                self._fingerprints.add(sha, fingerprint)

    def __enter__(self) -> "KnownImages":
        return self

    def __exit__(self, *_: object) -> None:
        self._hashes.__exit__()

    def exact(self, origin_sha256: str, sha256: str) -> str:
        """The sha256 of the image with these bytes, as they came or as kept; empty where there is none."""
        for sha in (origin_sha256, sha256):
            if sha in self._contents:
                return sha
        return self._origins.get(origin_sha256, "")

    def near_duplicate(self, fingerprint: "api.Fingerprint") -> str:
        """The sha256 of a near-duplicate; empty where there is none."""
        return (self._fingerprints.find(fingerprint) or "") if self._near else ""

    def add(self, origin_sha256: str, sha256: str, fingerprint: "api.Fingerprint") -> None:
        """One more kept image."""
        self._contents.add(sha256)
        self._origins[origin_sha256] = sha256
        self._fingerprints.add(sha256, fingerprint)
        self._hashes.add_fingerprints({sha256: fingerprint})


def finish_pending(catalogue: Catalogue, on_disk: dict[str, Path]) -> None:
    """Put right what a killed run left pending: kept where its file is there, else never begun."""
    for entry in catalogue.pending():
        image = catalogue.image(entry.sha256)
        if image and entry.sha256 in on_disk:
            name = on_disk[entry.sha256].name
            catalogue.keep((replace(entry, status=KEPT), replace(image, file_name=name)))
        else:
            catalogue.forget(entry)


def image_files(basetag: str) -> Iterator[Path]:
    """Every image of the basetag, wherever it lies; the quarantine aside."""
    for folder in files.folders_in(paths.training(basetag)):
        yield from _below(folder)
    for start in (cfg.unsorted_name, cfg.sorted_name, cfg.harvested_name):
        for folder in files.folders_in(paths.testing(basetag), start):
            yield from _below(folder)


def _below(folder: Path) -> Iterator[Path]:
    yield from files.images_in(folder)
    for inner in files.folders_in(folder):
        yield from _below(inner)
