"""Label images with the classifier in this folder: python predict.py photo.jpg more/*.png

Needs numpy, Pillow and ai-edge-litert (or TensorFlow), and the files model.json, labels.txt and model.tflite in its own
folder; pi-heif for the HEIC photos of iPhones. --model model_int8.tflite uses another file of the classifier, --json
prints one JSON object an image.
"""

import argparse
import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent
FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF"]
with contextlib.suppress(ImportError):
    import pi_heif

    pi_heif.register_heif_opener()
    FORMATS.append("HEIF")
PIXELS_MAX = 50_000_000  # a larger image is refused before it is decoded


def load(source: "Path | bytes", size: int) -> np.ndarray:
    """An image as the classifier was trained on it: float32 [1, size, size, 3] in 0..1.

    First frame, turned upright as its EXIF data says, 16 bits scaled to 8, transparency on white, resized to a square.
    """
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as image:
        if image.width * image.height > PIXELS_MAX:
            raise ValueError(f"{image.width} x {image.height} pixels are too many")
        if image.format == "JPEG":
            image.draft("RGB", (size, size))
        if image.format != "HEIF":  # which opens at the image that the file calls its first
            image.seek(0)
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        plain: Image.Image = image
        if plain.mode in ("I;16", "I;16B", "I;16L", "I;16N", "I"):
            grey = np.clip(np.asarray(plain).astype(np.int64), 0, 65535) // 257
            plain = Image.fromarray(grey.astype(np.uint8), "L")
        if "A" in plain.getbands() or "transparency" in plain.info:
            layer = plain.convert("RGBA")
            plain = Image.new("RGBA", layer.size, "white")
            plain.alpha_composite(layer)
        square = plain.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(square, np.float32)[None] / np.float32(255)


def interpreter(model: Path) -> Any:
    """The classifier, ready to run: with ai-edge-litert, or where that is not installed with TensorFlow."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        import tensorflow as tf

        Interpreter = tf.lite.Interpreter
    ready = Interpreter(model_path=str(model))
    ready.allocate_tensors()
    return ready


def predict(ready: Any, pixels: np.ndarray) -> np.ndarray:
    """Probabilities float32 [labels] of one image; the calibrated temperature is inside the model."""
    ready.set_tensor(ready.get_input_details()[0]["index"], pixels)
    ready.invoke()
    return ready.get_tensor(ready.get_output_details()[0]["index"])[0]


def main() -> int:
    parser = argparse.ArgumentParser(description="Label images with the classifier in this folder.")
    parser.add_argument("images", nargs="+", type=Path)
    parser.add_argument("--model", default="model.tflite", help="another file of this folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object an image")
    given = parser.parse_args()
    facts = json.loads((HERE / "model.json").read_text(encoding="utf-8"))
    labels = (HERE / "labels.txt").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    ready, size, threshold = interpreter(HERE / given.model), facts["input"]["size"], facts["confidence_min"]
    failed = 0
    for path in given.images:
        try:
            scores = predict(ready, load(path, size))
        except Exception as problem:  # noqa: BLE001 - Pillow raises many things for a damaged file
            print(f"{path}: cannot be read ({problem})", file=sys.stderr)
            failed += 1
            continue
        best = int(np.argmax(scores))
        verdict = "sure" if scores[best] >= threshold else "unsure"
        if given.json:
            all_scores = {label: float(score) for label, score in zip(labels, scores, strict=True)}
            sure = verdict == "sure"
            print(json.dumps({"picture": str(path), "label": labels[best], "sure": sure, "scores": all_scores}))
            continue
        print(f"{path}: {labels[best]} ({verdict})")
        for i in np.argsort(-scores):
            print(f"  {scores[i]:.4f}  {labels[i]}")
    return 3 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
