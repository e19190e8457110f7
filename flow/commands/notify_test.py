"""notify_test: send one text message and follow it."""

from flow.commands.command import Command, Message, NoOptions, Result, Run, Section
from flow.sms import notify


def run(run: Run, options: NoOptions) -> Result:
    return Message(notify.test(run.basetag))


COMMAND = Command(
    "notify_test",
    "send one text message and follow it",
    Section.HOUSE,
    run,
    about="Needs TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_PHONE_NUMBER and TWILIO_SENDTONUM in the environment.",
    example="robots notify_test",
    read_only=True,
    rank=9,
)
