"""download: fetch new images."""

from flow.commands.loop import Flow, Step, loop_command

COMMAND = loop_command(
    "download",
    "fetch new images",
    rank=1,
    flow=Flow((Step.DOWNLOAD,), asks=True),
    about="Fetches imagequantity new images of searchtag into unsorted_{searchtag}, with their credits. Stopped "
    "half-way, the same command goes on within 48 hours.",
    example="robots 200 robotart download",
)
