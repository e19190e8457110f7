"""`auto`: what works without a key. Openverse first, then Wikimedia Commons for what is missing."""

from flow.sources import Source, commons, openverse


def make(argument: str) -> list[Source]:
    return [*openverse.make(""), *commons.make("")]
