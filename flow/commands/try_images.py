"""try: what the best model says of an image."""

from dataclasses import dataclass
from pathlib import Path

from flow.base.errors import BadUsage
from flow.base.options import argument, option, path, text
from flow.commands.command import Command, Result, Run, Section
from flow.export.try_images import try_images


@dataclass(frozen=True)
class TryOptions:
    images: tuple[str, ...] = argument("image files, folders of images, web addresses", metavar="IMAGE", many=True)
    model: str = option("this model; empty = the best", default="", parse=text, metavar="NAME-or-NUMBER")
    why: bool = option("also draw where the evidence lay: an image file for each image, whose path is shown")
    between: str = option(
        "draw what spoke for the first label rather than the second; empty = the best two",
        default="",
        parse=text,
        metavar="LABEL,LABEL",
    )
    csv: Path | None = option("also write a table to this new file", parse=path, metavar="FILE")


def run(run: Run, options: TryOptions) -> Result:
    if not options.images:
        command = f"python roboflow.py {run.basetag} try photo.jpg"
        raise BadUsage("try needs an image, a folder or an address.", command)
    return try_images(
        run.basetag, options.images, options.model, options.csv, run.catalogue, options.why, options.between
    )


COMMAND = Command(
    "try",
    "what the best model says of an image, and whether it would be sure",
    Section.TAKE_AWAY,
    run,
    options=TryOptions,
    about="Shows the score of each label, whether the model would be sure and why not, and the three training images "
    "that are most similar. With --why it draws what in the image spoke for the best label rather than the second.",
    example="robots try photo.jpg ~/Pictures https://example.org/a.jpg",
    read_only=True,
    rank=1,
)
