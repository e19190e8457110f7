"""export: the best model, or the training images, as a folder to hand over."""

from flow.commands.command import Command, Result, Run, Section
from flow.export.step import ExportOptions, export


def run(run: Run, options: ExportOptions) -> Result:
    return export(run.basetag, options, run.catalogue)


COMMAND = Command(
    "export",
    "the best model for other programs or, with --web, for a phone; with --data the training images",
    Section.TAKE_AWAY,
    run,
    options=ExportOptions,
    about="Writes a folder with a TFLite file, its labels, a page of Python that runs it, its card and its credits. "
    "With --web it writes one HTML file that runs in a browser, offline, with the camera.",
    example="robots export --web",
    rank=2,
)
