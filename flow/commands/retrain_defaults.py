"""retrain_defaults: the same with the settings' values, nothing asked."""

from flow.commands.loop import Flow, Step, loop_command

COMMAND = loop_command(
    "retrain_defaults",
    "the same with the settings' values, nothing asked",
    rank=5,
    flow=Flow(tuple(Step)),
    about="For cron. Where nothing is new since the last model it says so; --again trains all the same. It harvests "
    "only with --harvest, or where the setting harvest_default says so.",
    example="robots 0 0 retrain_defaults --images-min 50",
)
