"""How each host wishes to be treated: one line a host. A new source adds its hosts here, and nothing else.

Read in the hosts' terms, documentation and answers (2025-26). Where a host is not named, the settings hold.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

import config as cfg


@dataclass(frozen=True)
class Manners:
    """Seconds and bytes; 0 = as the settings say, or no limit.

    A name in the table stands for the host itself and for all hosts below it: they are one family and share one budget.
    """

    search_pause_s: float = 0.0  # between two searches
    file_pause_s: float = 0.0  # between two images
    no_contact_pause_s: float = 0.0  # between two searches while `contact` is empty
    connections: int = 0  # at once, searches and images together
    bytes_per_s: float = 0.0
    rest_min_s: float = 0.0  # after a 429, however short a rest it names


MANNERS = {
    "api.openverse.org": Manners(3.0, 0.5),  # 20 searches a minute without a key; 150 thumbnails
    # 429 after 85 to 200 files an hour, and longer for those who go on asking.
    "staticflickr.com": Manners(file_pause_s=1.0, connections=1, rest_min_s=600.0),
    "api.flickr.com": Manners(1.0),  # 3,600 an hour with a key
    # 200 searches a minute with a contact, 10 without; its robot policy: two connections, 25 Mbit/s in all.
    "wikimedia.org": Manners(0.3, 0.3, no_contact_pause_s=6.0, connections=2, bytes_per_s=25_000_000 / 8),
    "nasa.gov": Manners(1.0, 0.5),
    "inaturalist.org": Manners(1.0, 1.0, bytes_per_s=5e9 / 3600),  # 60 a minute; media 5 GB an hour
    "inaturalist-open-data.s3.amazonaws.com": Manners(file_pause_s=1.0, bytes_per_s=5e9 / 3600),
    "api.gbif.org": Manners(1.0, 1.0, connections=1),
    "openaccess-api.clevelandart.org": Manners(1.0),
    "openaccess-cdn.clevelandart.org": Manners(file_pause_s=0.5),
    "metmuseum.org": Manners(1.0, 1.0, connections=1),  # 403 after some thirty quick calls
    "datasets-server.huggingface.co": Manners(1.0, 0.5),  # its images are served by the same host
    "huggingface.co": Manners(1.0, 0.5),
    "imgur.com": Manners(1.0, 0.5),
}
_DEFAULT = Manners()


def family_of(url: str) -> str:
    """The name a URL's manners go by: the longest name in the table that it lies under, else its host; empty where
    there is none."""
    try:
        name = (urlsplit(url).hostname or "").lower().rstrip(".")
    except ValueError:
        return ""
    labels = name.split(".")
    above = (".".join(labels[n:]) for n in range(len(labels)))
    return next((family for family in above if family in MANNERS), name)


def pause_s(family: str, search: bool) -> float:
    """Seconds between two requests of a kind."""
    manners = MANNERS.get(family, _DEFAULT)
    own = manners.search_pause_s if search else manners.file_pause_s
    if search and not cfg.contact:
        own = max(own, manners.no_contact_pause_s)
    return max(own, cfg.host_pause_s)


def connections(family: str) -> int:
    """How many requests at once."""
    own = MANNERS.get(family, _DEFAULT).connections
    return min(own, cfg.host_connections_max) if own else cfg.host_connections_max


def bytes_per_s(family: str) -> float:
    """0 = no limit."""
    return MANNERS.get(family, _DEFAULT).bytes_per_s


def rest_min_s(family: str) -> float:
    return MANNERS.get(family, _DEFAULT).rest_min_s
