"""Sixty images and the smallest backbone, for tests of ways to train."""

import pytest

from flow.base import paths
from flow.records.catalogue import Catalogue
from flow.retrain import try_harder
from scripts.learn import efficientnet_lite
from tests.helpers import coloured
from tests.learn.tiny_network import tiny_network


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory):
    """Where the small network and its first part are built once for all tests here."""
    return tmp_path_factory.mktemp("tiny_models")


@pytest.fixture
def tiny_hues(tf_files, tiny_models, monkeypatch):
    """Sixty images, and EfficientNet-Lite as small as one can be: what is tested is the way, not what it learns."""
    import tensorflow  # noqa: F401 - a backbone is built in a process of its own, unless TensorFlow is here already

    coloured(paths.training("hues"), 20)
    paths.models().symlink_to(tiny_models)
    monkeypatch.setattr(efficientnet_lite, "read_network", lambda *_: tiny_network())
    monkeypatch.setattr(try_harder, "time_left", lambda: None)  # the timer that it asks is that of pytest here
    with Catalogue.open(paths.catalogue("hues")) as opened:
        yield opened
