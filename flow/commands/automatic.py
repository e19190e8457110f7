"""automatic: classify_top, then retrain_defaults."""

from flow.commands.loop import Flow, Step, loop_command

COMMAND = loop_command(
    "automatic",
    "classify_top, then retrain_defaults",
    rank=6,
    flow=Flow(tuple(Step)),
    about="The whole loop without a question.",
    example="robots 50 robotart automatic",
)
