"""RoboFlow: grow an image classifier from nothing but an idea and a search tag.

The front door: arguments or guided answers -> the steps -> one exit code. `python roboflow.py --help`.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
NEEDED = ("yaml", "requests", "rich", "PIL", "pi_heif", "numpy", "tensorflow", "twilio", "jinja2", "werkzeug")


def missing_packages() -> list[str]:
    """Which of the modules the program stands on this Python does not have."""
    return [name for name in NEEDED if find_spec(name) is None]


def how_to_get_them() -> str:
    """The command that puts it right: the virtual environment is there and not active, or it is still to be made."""
    home = HERE / ".venv"
    activate = f"source {os.path.relpath(home)}/bin/activate"
    if not (home / "bin/activate").exists():
        return f"cd {HERE} && make install    (once; then {activate})"
    if Path(sys.prefix).resolve() == home.resolve():
        return f"cd {HERE} && make install    (the requirements are newer than this environment)"
    return activate


# Two BLAS threads on busy cores made training the head 20 times slower.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# In a locale of old, names and logs are UTF-8 all the same.
if not sys.flags.utf8_mode and sys.getfilesystemencoding() != "utf-8":
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.argv])

if __name__ == "__main__":
    if missing := missing_packages():
        sys.stderr.write(f"oh no. This Python ({sys.executable}) lacks RoboFlow's packages: {', '.join(missing)}.\n")
        sys.stderr.write(f"   try: {how_to_get_them()}\n")
        sys.exit(1)
    from flow.commands.main import main

    code = main(sys.argv[1:])
    if "tensorflow" in sys.modules:
        from flow.base.learning import api

        api.tidy()
        os._exit(code)  # everything is flushed; TensorFlow alone takes another second to leave
    sys.exit(code)
