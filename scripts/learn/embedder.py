"""One backbone with its store of embeddings: each image goes through it once in its life."""

from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock

import numpy as np

from scripts.learn.backbones import Backbone
from scripts.learn.embedding_table import KeyedEmbeddings
from scripts.learn.embeddings import Embeddings, EmbeddingStore, Embeds, ImageSource, embed, store_path
from scripts.learn.grid import Grid
from scripts.learn.runners import open_runner


class Embedder:
    """Embeddings of images. The backbone itself is opened when the first image must go through it.

    Args:
        backbone: names the store and gives the size of its input in pixels.
        key: sha256 of the weights; part of the store's name.
        vector_length: numbers in an embedding.
        store_folder: where stores of embeddings lie.
        opens: gives the backbone, ready to run; may raise what it likes.
    """

    def __init__(
        self, backbone: Backbone, key: str, vector_length: int, store_folder: Path, opens: Callable[[], Embeds]
    ):
        self.key, self.input_size, self.vector_length = key, backbone.input_size, vector_length
        self.store = store_path(store_folder, backbone, key)
        self._opens, self._opening = opens, Lock()
        self._runner: Embeds | None = None

    @classmethod
    def of(cls, backbone: Backbone, folder: Path, converted_folder: Path, store_folder: Path) -> "Embedder":
        """The embedder of a backbone on disk. Raises BackboneProblem where it cannot be opened."""
        runner = open_runner(backbone, folder, converted_folder)
        return cls(backbone, runner.key, runner.vector_length, store_folder, lambda: runner)

    @property
    def batch(self) -> int:
        """Images that are best given at once; 1 until the backbone is open."""
        return self._runner.batch if self._runner else 1

    @property
    def pixels(self) -> type:
        """The type that images are best given in; float32 until the backbone is open."""
        return self._runner.pixels if self._runner else np.float32

    @property
    def grid(self) -> Grid | None:
        """The values that vectors take; None = any, or the backbone is not open yet."""
        return self._runner.grid if self._runner else None

    def vectors(self, pixels: np.ndarray) -> np.ndarray:
        """float32 [n, size, size, 3] in 0..1, or uint8 -> float32 [n, vector_length]. Raises what opening the backbone
        raises."""
        with self._opening:
            if self._runner is None:
                self._runner = self._opens()
        return self._runner.vectors(pixels)

    def embed(
        self, images: Mapping[str, ImageSource], progress: Callable[[int], None] = lambda n: None, keep: bool = True
    ) -> Embeddings:
        """Embeddings of images, from the store where they are known.

        Args:
            images: content hash (or any name, with `keep` False) -> file or bytes.
            progress: called with how many more are done.
            keep: False = neither read nor write the store.
        """
        with EmbeddingStore(self.store if keep else None) as store:
            return embed(images, self, store, progress)

    def keep(self, vectors: dict[str, np.ndarray]) -> None:
        """Put embeddings of images that `vectors` computed into the store, by content hash."""
        with EmbeddingStore(self.store) as store:
            store.put(vectors, self.grid)

    def cached(self, sha256s: list[str]) -> KeyedEmbeddings:
        """Content hash -> embedding, of those that are in the store; computes nothing."""
        with EmbeddingStore(self.store) as store:
            return store.get(sha256s, self.vector_length)


def store_embeddings(folder: Path, backbone: Backbone, key: str, vectors: dict[str, np.ndarray]) -> None:
    """Put embeddings computed elsewhere into a backbone's store.

    Args:
        vectors: content hash -> float32 [d].
    """
    with EmbeddingStore(store_path(folder, backbone, key)) as store:
        store.put(vectors)
