"""classify_top: download, then sort with the best model."""

from flow.commands.loop import Flow, Step, loop_command

COMMAND = loop_command(
    "classify_top",
    "the same with the best model, without asking",
    rank=3,
    flow=Flow((Step.DOWNLOAD, Step.CLASSIFY)),
    about="As classify, but never asks which model to use.",
    example="robots 50 mechs classify_top",
)
