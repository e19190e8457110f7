"""Where what can be computed again lies."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class CachePaths:
    """Where backbones, embeddings and content hashes are stored between runs."""

    models: Path
    bottlenecks: Path
    hashes: Path | None = None

    @property
    def converted(self) -> Path:
        """Backbones as TFLite files."""
        return self.models / "converted"

    @property
    def graphs(self) -> Path:
        """Graphs with an empty head; see `model_files.save_graph`."""
        return self.models / "converted" / "graphs"
