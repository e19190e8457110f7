"""retrain: download, classify, harvest, then train with parameters asked one by one."""

from flow.commands.loop import Flow, Step, loop_command

COMMAND = loop_command(
    "retrain",
    "download, sort, harvest if you say so, then train; it asks for the parameters one by one",
    rank=4,
    flow=Flow(tuple(Step), asks=True, asks_training=True),
    about="With 0 0 it begins with the harvest. ENTER takes the setting's value of each parameter.",
    example="robots 0 0 retrain",
)
