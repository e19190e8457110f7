"""LiteRT's interpreter comes without TensorFlow, gives what TensorFlow's gives, and works beside it afterwards."""

import subprocess
import sys

import pytest
from PIL import Image

from scripts.learn import tensor
from scripts.learn.runners import open_runner
from tests.helpers import tiny_backbone
from tests.terminal import PROJECT

ASKED = """
import sys
import numpy as np
from scripts.learn.tensor import import_tensorflow, light_interpreter

def says(kind, **model):
    it = kind(**model, num_threads=1)
    it.allocate_tensors()
    into = it.get_input_details()[0]
    it.set_tensor(into["index"], np.full(into["shape"], 0.25, np.float32))
    it.invoke()
    return it.get_tensor(it.get_output_details()[0]["index"]).tolist()

alone = light_interpreter()
before = says(alone, model_path=sys.argv[1])
assert "tensorflow" not in sys.modules

tf = import_tensorflow()
assert light_interpreter() is alone
own = tf.lite.Interpreter
assert says(own, model_path=sys.argv[1]) == before == says(alone, model_path=sys.argv[1])

one = [tf.TensorSpec([1, 2, 2, 3])]
function = tf.function(lambda images: tf.reduce_mean(images, axis=[1, 2]), input_signature=one)
made = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()]).convert()
assert says(own, model_content=made) == says(alone, model_content=made) == [[0.25] * 3]
print("all as it should be")
"""

SORTS = """
import runpy, sys
sys.argv = ["roboflow.py", *sys.argv[1:]]
try:
    runpy.run_path("roboflow.py", run_name="__main__")
except SystemExit as end:
    print("ended", end.code, "tensorflow" in sys.modules)
"""


def python(program: str, *arguments: str) -> list[str]:
    """The lines that it printed, and those of trouble after them."""
    done = subprocess.run([sys.executable, "-c", program, *arguments], cwd=PROJECT, capture_output=True, text=True)
    return (done.stdout + done.stderr).splitlines()


@pytest.fixture(scope="module")
def converted(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("converted")
    open_runner(tiny_backbone(tiny), tiny, folder, "light")
    return next(folder.glob("*.tflite"))


def test_it_comes_alone_and_tensorflow_may_come_later(converted):
    assert python(ASKED, str(converted))[0] == "all as it should be"


def test_new_pictures_are_sorted_and_tried_without_tensorflow(home):
    output = python(SORTS, "robots", "4", "unseen", "classify_top", "--source", "sample", "--tf-files", str(home))
    assert "sorted 4:" in output[-2] and output[-1] == "ended 0 False"
    photo = next(home.glob("testing_photos/robots/unsorted_unseen/*.jpg"))
    Image.open(photo).rotate(90).save(photo.with_name("other.png"))  # nobody has seen it so
    output = python(SORTS, "robots", "try", str(photo.with_name("other.png")), "--tf-files", str(home))
    assert "most similar training images" in "".join(output) and output[-1] == "ended 0 False"


def test_where_it_has_no_wheel_tensorflow_runs_the_models(monkeypatch):
    class Whole:
        class lite:  # noqa: N801 - as TensorFlow calls it
            Interpreter = object()

    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)  # how Python says that a package cannot be imported
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setattr(tensor, "import_tensorflow", lambda: Whole)
    assert tensor.light_interpreter() is Whole.lite.Interpreter
