"""Every long text RoboFlow says. Strings and small functions that fill in figures from cfg; nothing else."""

USAGE_HINT = "python roboflow.py BASETAG QUANTITY SEARCHTAG FLOWSTEP, or --help"


def helpmore() -> str:
    return USAGE_HINT
