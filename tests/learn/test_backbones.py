"""Backbones by name, and one served as TF Hub serves them: fetched once, kept, pinned; every trouble told clearly."""

import io
import re
import socket
import tarfile
import time

import pytest

from scripts.learn import backbones
from scripts.learn.backbone_files import locate
from scripts.learn.backbones import Backbone, BackboneProblem, find, fingerprint
from scripts.learn.dataset import list_images
from scripts.learn.hash_cache import HashCache
from scripts.learn.train import HeadConfig
from scripts.learn.training_job import CachePaths, TrainingJob, run_job
from tests.helpers import TINY_LENGTH, TINY_SIZE, coloured, save_tiny_backbone
from tests.servers import Server, drip, never, redirect, send, status

PATH = "/google/tiny/feature_vector/5"


def packed(folder, inside: str = ".") -> bytes:
    """A tar.gz of a SavedModel as the hub sends it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.add(folder, arcname=inside, filter=lambda entry: None if entry.name.endswith("backbone.json") else entry)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def module_bytes(tiny):
    return packed(tiny)


@pytest.fixture
def hub(module_bytes):
    with Server() as server:
        server.put(PATH, lambda request: send(request, module_bytes, kind="application/x-tar"))
        yield server


def served(server, path: str = PATH) -> Backbone:
    return find(server.base + path, TINY_SIZE)


def test_a_module_is_fetched_once_and_trains(hub, tmp_path):
    models, seen = tmp_path / "models", []
    backbone = served(hub)
    folder = locate(backbone, models, progress=seen.append)
    assert hub.hits == [f"{PATH}?tf-hub-format=compressed"]
    assert folder.parent == models and (folder / "saved_model.pb").exists()
    assert locate(backbone, models) == folder
    assert len(hub.hits) == 1
    with HashCache(None) as book:
        images = list_images(coloured(tmp_path / "photos", 20), book)
    learned = run_job(
        TrainingJob(images, backbone, folder, HeadConfig(steps=200)), CachePaths(models, tmp_path / "bottlenecks")
    )
    assert learned.vector_length == TINY_LENGTH
    assert learned.trained.facts["accuracy"]["value"] > 0.7


def test_the_kept_copy_works_when_the_hub_is_gone(hub, tmp_path):
    folder = locate(served(hub), tmp_path)
    hub.routes.clear()
    assert locate(served(hub), tmp_path) == folder


def test_a_hub_that_sends_elsewhere_is_followed(hub, tmp_path):
    hub.put("/moved", redirect(hub.base + PATH))
    assert (locate(served(hub, "/moved"), tmp_path) / "saved_model.pb").exists()


def problem(backbone: Backbone, models, **how) -> BackboneProblem:
    with pytest.raises(BackboneProblem) as found:
        locate(backbone, models, **how)
    assert found.value.unreachable
    assert backbone.handles[0] in found.value.message
    assert "efficientnet_lite0" in found.value.hint
    return found.value


@pytest.mark.parametrize(
    ("route", "words"),
    [
        (status(404), "answered 404"),
        (status(403), "answered 403"),
        (status(500), "answered 500"),
        (b"<html>not a module</html>", "not appear to be a valid module|not a gzip|truncated|not a TF2 SavedModel"),
    ],
)
def test_answers_that_are_no_module(tmp_path, route, words):
    with Server() as server:
        server.put(PATH, route)
        assert re.search(words, problem(served(server), tmp_path).message)


def test_nobody_there(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    found = problem(find(f"http://127.0.0.1:{port}{PATH}", TINY_SIZE), tmp_path)
    assert "no connection" in found.message


@pytest.mark.parametrize("route", [never, lambda request: begin_and_stall(request)], ids=["silent", "stalls"])
def test_a_hub_that_says_no_more_is_given_up(tmp_path, route):
    with Server() as server:
        server.put(PATH, route)
        begin = time.monotonic()
        found = problem(served(server), tmp_path, timeout_s=0.5)
        assert time.monotonic() - begin < 30  # and not a minute
        assert "no answer in time" in found.message


def begin_and_stall(request) -> None:
    """A promising start, then nothing."""
    request.send_response(200)
    request.send_header("Content-Length", "100000")
    request.end_headers()
    request.wfile.write(b"\x1f\x8b\x08\0")
    request.wfile.flush()
    never(request)


def test_after_a_failed_fetch_the_next_one_begins_clean(hub, tmp_path, module_bytes):
    hub.put(PATH, status(500))
    problem(served(hub), tmp_path)
    hub.put(PATH, lambda request: send(request, module_bytes[: len(module_bytes) // 2]))
    problem(served(hub), tmp_path)
    hub.put(PATH, module_bytes)
    begin = time.monotonic()
    assert (locate(served(hub), tmp_path) / "saved_model.pb").exists()
    assert time.monotonic() - begin < 60  # and not ten minutes


def test_a_module_in_a_folder_of_its_own_is_refused_and_not_kept(hub, tmp_path, tiny, module_bytes):
    """tensorflow_hub alone would keep such a copy and stumble over it for ever."""
    hub.put(PATH, packed(tiny, "inner"))
    assert "not a TF2 SavedModel" in problem(served(hub), tmp_path).message
    hub.put(PATH, module_bytes)
    assert (locate(served(hub), tmp_path) / "saved_model.pb").exists()


def test_a_fetch_that_was_killed_does_not_hold_up_the_next(hub, tmp_path):
    """tensorflow_hub leaves a lock behind and would wait ten minutes for its holder."""
    folder = locate(served(hub), tmp_path)
    folder.rename(tmp_path / "elsewhere")
    for path in [*tmp_path.glob("*.json"), *tmp_path.glob("*.descriptor.txt")]:
        path.unlink()
    (tmp_path / f"{folder.name}.lock").write_text("somehost.1234.0123456789abcdef")
    (tmp_path / f"{folder.name}.0123456789abcdef.tmp" / "variables").mkdir(parents=True)
    begin = time.monotonic()
    assert (locate(served(hub), tmp_path) / "saved_model.pb").exists()
    assert time.monotonic() - begin < 60  # and not ten minutes
    assert not [*tmp_path.glob("*.tmp"), *tmp_path.glob("?" * 40 + ".lock")]


def test_a_mirror_is_asked_before_the_hub(hub, tmp_path):
    backbone = Backbone("tiny", TINY_SIZE, TINY_LENGTH, ("https://tfhub.dev" + PATH,), again="tiny")
    folder = locate(backbone, tmp_path, mirrors=(hub.base + "/",))
    assert (folder / "saved_model.pb").exists()
    assert hub.paths() == [PATH]


def test_a_mirror_without_it_is_passed_over(hub, tmp_path):
    backbone = Backbone("tiny", TINY_SIZE, TINY_LENGTH, ("https://tfhub.dev" + PATH,), again="tiny")
    with Server() as empty:
        assert locate(backbone, tmp_path, mirrors=(empty.base, hub.base)).exists()
        assert empty.paths() == [PATH]


def test_the_second_address_is_tried_where_the_first_is_gone(hub, tmp_path):
    backbone = Backbone("tiny", TINY_SIZE, TINY_LENGTH, (hub.base + "/gone", hub.base + PATH), again="tiny")
    assert (locate(backbone, tmp_path) / "saved_model.pb").exists()
    assert hub.paths() == ["/gone", PATH]


def test_a_copy_that_has_changed_is_refused(hub, tmp_path):
    folder = locate(served(hub), tmp_path)
    weights = next((folder / "variables").glob("*.data*"))
    raw = bytearray(weights.read_bytes())
    raw[0] ^= 1
    weights.write_bytes(raw)
    with pytest.raises(BackboneProblem, match="has changed") as found:
        locate(served(hub), tmp_path)
    assert not found.value.unreachable
    assert str(folder) in found.value.hint


def test_a_slow_hub_is_waited_for_while_it_sends(tmp_path, module_bytes):
    with Server() as server:
        server.put(PATH, drip(module_bytes[:40], every_s=0.05))
        found = problem(served(server), tmp_path, timeout_s=0.5)  # forty bytes are no module, but they were waited for
        assert "no answer" not in found.message


# Names


@pytest.mark.parametrize(
    ("architecture", "size", "title", "length"),
    [
        ("mobilenet", 0, "mobilenet_1.0_224", 1024),
        ("mobilenet_0.50_160", 0, "mobilenet_0.50_160", 512),
        ("mobilenet_0.5_128", 0, "mobilenet_0.50_128", 512),
        ("mobilenet_v1_0.25", 192, "mobilenet_0.25_192", 256),
        ("mobilenet_0.75", 0, "mobilenet_0.75_224", 768),
        ("inceptionv3", 0, "inceptionv3_299", 2048),
        ("mobilenet_v2", 0, "mobilenet_v2_224", 1280),
        ("efficientnet_v2_b0", 0, "efficientnet_v2_b0_224", 1280),
    ],
)
def test_names_as_people_know_them(architecture, size, title, length):
    found = find(architecture, size)
    assert (found.title, found.vector_length) == (title, length)
    assert find(found.again) == found


@pytest.mark.parametrize("name", [n for n in backbones.names() if "lite" not in n])
def test_every_name_has_a_handle(name):
    assert find(name).handles and all(handle.startswith("https://") for handle in find(name).handles)


def test_the_handles_are_those_of_the_hub():
    assert (
        find("mobilenet_0.50_160").handles[0]
        == "https://tfhub.dev/google/imagenet/mobilenet_v1_050_160/feature_vector/5"
    )
    assert find("inceptionv3").handles[0] == "https://tfhub.dev/google/imagenet/inception_v3/feature_vector/5"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("mobilnet_1.0", "did you mean 'mobilenet_1.0'"),
        ("mobilenet_1.0_200", "200 pixels"),
        ("nonsense", "not a backbone"),
        ("/no/such/folder", "no folder"),
    ],
)
def test_names_nobody_knows(name, hint):
    with pytest.raises(BackboneProblem, match=hint) as found:
        find(name)
    assert found.value.hint


def test_the_old_embedded_backbone_is_known_to_be_gone():
    with pytest.raises(BackboneProblem, match="replaced by efficientnet_lite0"):
        find("embedded")


def test_a_folder_says_itself_what_it_takes(tiny, tmp_path):
    found = find(str(tiny))
    assert (found.input_size, found.vector_length) == (TINY_SIZE, TINY_LENGTH)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BackboneProblem, match="holds no SavedModel"):
        locate(find(str(tmp_path / "empty")), tmp_path)


def test_two_handles_never_share_a_name():
    names = {find(f"https://tfhub.dev/a/b{n}/feature_vector/5").name for n in range(50)}
    assert len(names) == 50


def test_a_fingerprint_tells_weights_apart(tiny, tmp_path):
    assert fingerprint(tiny) == fingerprint(tiny) != fingerprint(save_tiny_backbone(tmp_path / "other", seed=1))
