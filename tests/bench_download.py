"""How much faster the downloader is than one image at a time: four hosts, 100 ms latency each. Run by hand.

    python -m tests.bench_download [images]

Everything is measured in one run on one machine: the downloader, the downloader with one worker, and a bare loop of
`requests.get` that neither checks nor keeps anything. The servers count how many requests they serve at once.
"""

import contextlib
import multiprocessing
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

import requests

import config as cfg
from flow.base import paths
from flow.download.options import DownloadOptions
from flow.download.step import download
from flow.records.catalogue import Catalogue
from tests.servers import Server, image_bytes

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
LATENCY_S = 0.1


def with_workers(workers: int, listing: Path, images: int, home: Path) -> float:
    """Seconds for a whole download step, everything checked and kept."""
    cfg.download_workers, cfg.path_to_tf_files = workers, str(home)
    start = time.monotonic()
    with Catalogue.open(paths.catalogue("robots")) as catalogue:
        result = download("robots", DownloadOptions(images, "robotart", f"urls:{listing}"), catalogue)
    assert result.kept == images, result.line()
    return time.monotonic() - start


def bare_loop(urls: list[str]) -> float:
    start = time.monotonic()
    with requests.Session() as session:
        for url in urls:
            session.get(url, timeout=10).raise_for_status()
    return time.monotonic() - start


def serve(images: int, pipe: Connection) -> None:
    """The four hosts, in a process of their own. Tells the URLs, then how many it served at once at most."""
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(Server(host, LATENCY_S)) for host in HOSTS]
        pipe.send([servers[n % 4].put(f"/{n}.jpg", image_bytes(n, (320, 240))) for n in range(images)])
        while pipe.recv():
            pipe.send(max(server.at_once for server in servers))


def main(images: int) -> None:
    cfg.addresses_private_allowed, cfg.host_pause_s = True, 0.0
    ours, theirs = multiprocessing.Pipe()
    multiprocessing.Process(target=serve, args=(images, theirs), daemon=True).start()
    urls = ours.recv()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "list.txt").write_text("\n".join(urls))
        loop = bare_loop(urls)
        one = with_workers(1, home / "list.txt", images, home / "one")
        many = with_workers(8, home / "list.txt", images, home / "many")
    ours.send(True)
    print(f"{images} images, {len(HOSTS)} hosts, {LATENCY_S * 1000:.0f} ms latency each")
    print(f"  bare loop, nothing kept  {loop:6.2f} s")
    print(f"  one worker               {one:6.2f} s")
    print(
        f"  8 workers                {many:6.2f} s   {one / many:.1f} x one worker, {loop / many:.1f} x the bare loop"
    )
    print(f"  at once at one host, at most: {ours.recv()}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 250)
