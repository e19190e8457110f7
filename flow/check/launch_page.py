"""Opens the browser at the check page, or says how to get there. The address holds a secret: it goes to the screen and
into a file that only its owner can read, never into a log or another program's arguments."""

import contextlib
import html
import os
import sys
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from flow.base import files, names
from flow.ui import console

IN_CONTAINER = ("/.dockerenv", "/run/.containerenv")
LEADING = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0;url={address}"><title>RoboFlow</title>
<p>boop boop. <a href="{address}">Here is the page.</a></p></html>
"""


@contextlib.contextmanager
def launched(address: str, way_in: Path, wanted: bool) -> Iterator[None]:
    """Lead the person to the page; the file that this needs is removed afterwards.

    Args:
        way_in: where a little page may be put that leads on to the address.
        wanted: False where no browser is to be opened.
    """
    browser = _browser() if wanted else None
    try:
        if browser:
            _write_private(way_in, LEADING.format(address=html.escape(address, quote=True)))
            threading.Thread(target=_open, args=(browser, way_in.as_uri()), daemon=True).start()
            _show("The page opens in your browser. If it does not, here it is:", address)
        else:
            _show("Open this address in a browser:", address)
        _show_tunnel(address)
        console.note("Done on the page ends it, as does Ctrl-C. Every key is saved at once.")
        yield
    finally:
        with contextlib.suppress(OSError):
            way_in.unlink(missing_ok=True)


def tunnel(address: str) -> str:
    """The ssh command that brings the page to the person's own computer; empty where that is this one."""
    connection = os.environ.get("SSH_CONNECTION", "").split()
    if len(connection) < 4:
        return ""
    port, server = urlsplit(address).port, connection[2]
    return f"ssh -L {port}:127.0.0.1:{port} {names.account() or 'you'}@{server}"


def _show(words: str, address: str) -> None:
    console.note(words)
    console.private_address(f"  {address}" if console.is_watched() else address)


def _show_tunnel(address: str) -> None:
    command = tunnel(address)
    if command:
        console.note("Connected over SSH. On your own computer, run:")
        console.raw(f"  {command}")
    elif any(Path(name).exists() for name in IN_CONTAINER):
        console.note("This is a container: share the host's network with it to see the page.")


def _browser() -> webbrowser.BaseBrowser | None:
    """The person's browser; none over SSH, in a container, or where there is no screen to show it on."""
    if os.environ.get("SSH_CONNECTION") or any(Path(name).exists() for name in IN_CONTAINER):
        return None
    has_screen = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not has_screen and not os.environ.get("BROWSER"):
        return None
    try:
        return webbrowser.get()
    except webbrowser.Error:
        return None


def _open(browser: webbrowser.BaseBrowser, address: str) -> None:
    with contextlib.suppress(OSError, webbrowser.Error):  # the address is on the screen
        browser.open(address)


def _write_private(path: Path, text: str) -> None:
    files.make_folder(path.parent)
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as writer:
        writer.write(text)
