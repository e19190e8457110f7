"""A WebModel -> the files of its page: index.html, which is complete, and files for a web server."""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from flow.base import files, paths
from flow.export.templates import filled
from flow.export.web.bundle import bundled
from flow.export.web.content import WebModel, check
from flow.export.web.packing import packed

HERE = Path(__file__).parent
PAGE, WORKER, MANIFEST, ICON, CARD = "index.html", "sw.js", "manifest.webmanifest", "icon.svg", "README.md"


@dataclass(frozen=True)
class Written:
    """`bytes` of index.html; `files`: the names of all."""

    bytes: int
    files: tuple[str, ...]


def write_page(folder: Path, model: WebModel, smaller: bool) -> Written:
    """Write the files to a folder.

    Args:
        smaller: 8-bit weights in place of 16-bit ones.

    Raises:
        content.Unsupported: the page cannot run its network.
    """
    html = page_html(model, smaller).encode("utf-8", "replace")
    version = hashlib.sha256(html).hexdigest()[:16]
    made = {
        PAGE: html,
        WORKER: filled(HERE / "page/sw.js", version=version).encode("utf-8"),
        MANIFEST: filled(HERE / "page/manifest.webmanifest", title=json.dumps(model.title)[1:-1]).encode("utf-8"),
        ICON: (HERE / "page" / ICON).read_bytes(),
        CARD: _card(model, smaller, len(html)).encode("utf-8"),
    }
    for name, raw in made.items():
        files.write_whole(folder / name, raw)
    return Written(len(html), tuple(made))


def page_html(model: WebModel, smaller: bool) -> str:
    """index.html: everything inline, and a policy (CSP) under which it can use no network."""
    check(model)
    style, script = (HERE / "page" / "page.css").read_text(encoding="utf-8"), bundled(HERE / "page" / "app.js")
    return filled(
        HERE / "page/template.html",
        title=model.title,
        licence=_Whole((paths.PROJECT / "LICENSE").read_text(encoding="utf-8")),
        policy=_policy(style, script),
        icon=f"data:image/svg+xml;base64,{_base64((HERE / 'page' / ICON).read_bytes())}",
        style=_Whole(style),
        script=_Whole(script),
        kernels=_base64((HERE / "engine" / "kernels.wasm").read_bytes()),
        model=_base64(packed(model, smaller)),
    )


def _policy(style: str, script: str) -> str:
    """Only this script and this style run. From its own server the page loads what installs it, and nothing else."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {_hash(script)} 'wasm-unsafe-eval'",
            f"style-src {_hash(style)}",
            "img-src blob: data: 'self'",  # 'self': the icon of an installed page
            "worker-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    return f"'sha256-{_base64(hashlib.sha256(text.encode('utf-8')).digest())}'"


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


class _Whole(str):
    """Our own text, which is inserted as it is; jinja2 escapes everything else."""

    def __html__(self) -> str:
        return str(self)


def _card(model: WebModel, smaller: bool, size: int) -> str:
    """README.md of the folder."""
    weights = "8-bit weights" if smaller else "16-bit weights"
    return filled(HERE / "card.md", model=model, weights=weights, megabytes=f"{size / 1e6:.1f}")
