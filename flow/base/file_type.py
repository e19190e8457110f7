"""What a file is, by its first bytes: enough to tell an image from a web page."""

HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
MAGIC = {b"\xff\xd8\xff": "jpeg", b"\x89PNG\r\n\x1a\n": "png", b"GIF87a": "gif", b"GIF89a": "gif", b"BM": "bmp"}
NOT_IMAGE = "not an image"  # the reason, as it stands in the last line of a download


def kind_of(data: bytes) -> str:
    """jpeg, png, gif, webp, bmp, heif or avif by the first 16 bytes; empty for anything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return "heif" if data[8:12] in HEIF_BRANDS else "avif" if data[8:12] in (b"avif", b"avis") else ""
    return next((kind for magic, kind in MAGIC.items() if data.startswith(magic)), "")
