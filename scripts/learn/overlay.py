"""Evidence drawn over its image: orange spoke for the label, blue against it, on a scale that all images share."""

import io

import numpy as np
from PIL import Image

from scripts.learn.evidence import Evidence

# Colours that people who see red and green alike tell apart (Wong 2011, Nature Methods 8, 441), over grey.
FOR, AGAINST = (230, 97, 1), (0, 90, 200)
FULL = (
    0.06  # nats a cell from which on a colour is at its fullest; the same in every image, so that a weak map looks weak
)
OPAQUE = 0.8  # of a colour at its fullest; the image shines through
GREY = (60, 235)  # what black and white become, so that both colours stand out from either


def overlay(image: Image.Image, evidence: Evidence) -> Image.Image:
    """The image in grey with the evidence over it, in its own size.

    Args:
        image: RGB. The evidence was read from the whole of it, squeezed to a square.
    """
    low, high = GREY
    grey = np.asarray(image.convert("L"), np.float32)[:, :, None] * ((high - low) / 255) + low
    cells = Image.fromarray(evidence.cells, "F").resize(image.size, Image.Resampling.BICUBIC)
    values = np.asarray(cells)[:, :, None] / FULL
    alpha = np.minimum(np.abs(values), 1) * OPAQUE
    colour = np.where(values > 0, FOR, AGAINST).astype(np.float32)
    return Image.fromarray((grey * (1 - alpha) + colour * alpha).astype(np.uint8), "RGB")


def beside(image: Image.Image, evidence: Evidence) -> Image.Image:
    """The image, and to its right the same with the evidence over it."""
    gap = max(4, image.width // 60)
    both = Image.new("RGB", (2 * image.width + gap, image.height), "white")
    both.paste(image, (0, 0))
    both.paste(overlay(image, evidence), (image.width + gap, 0))
    return both


def jpeg(image: Image.Image, quality: int = 88) -> bytes:
    """A JPEG file with nothing in it but pixels."""
    image.info.clear()
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()
