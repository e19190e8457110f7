"""classify: download, then sort with a model that the person picks."""

from flow.commands.loop import Flow, Step, loop_command

COMMAND = loop_command(
    "classify",
    "download, then sort with a model you pick (ENTER = the best); this is what runs where no flowstep is typed",
    rank=2,
    flow=Flow((Step.DOWNLOAD, Step.CLASSIFY), asks=True),
    about="Copies go into sorted_{time}/{label}, with the score in the file name; what scores below confidence_min "
    "goes into {label}_under925, where you check it.",
    example="robots 200 robotart",
)
