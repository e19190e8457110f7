"""How long this run may go on: --max-minutes is a timer of the process (flow/commands/run_record.py)."""

import signal


def time_left() -> float | None:
    """Seconds until --max-minutes ends this run; None where there is no limit."""
    return signal.getitimer(signal.ITIMER_REAL)[0] or None
