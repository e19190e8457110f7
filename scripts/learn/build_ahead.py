"""All that a first training needs of TensorFlow, made at once by one process that goes again: the backbone converted,
and the graph that models with so many labels are made from."""

import contextlib
from pathlib import Path

from scripts.learn import child, conversion, model_files
from scripts.learn.backbones import Backbone, in_float32, key_of
from scripts.learn.cache_paths import CachePaths


def build_missing(backbone: Backbone, folder: Path, labels: int, places: CachePaths) -> None:
    """Make what is not there yet. What fails here is tried again, and told of, where it is needed.

    Args:
        folder: of the backbone's SavedModel.
        labels: of the model that comes next.
    """
    if not model_files.has_empty_graph(folder, backbone.input_size, labels, places.graphs):
        with contextlib.suppress(child.ChildFailed):
            child.call(build_here, backbone, folder, labels, places)


def build_here(backbone: Backbone, folder: Path, labels: int, places: CachePaths) -> None:
    """`build_missing` in this process; the backbone in float32 too, with which int8 and graphs are compared."""
    for one in dict.fromkeys((in_float32(backbone), backbone)):
        key = key_of(one, folder)
        conversion.convert_here(one, folder, key, conversion.converted_path(one, key, places.converted))
    if labels:
        model_files.empty_graph(folder, backbone.input_size, labels, places.graphs)
