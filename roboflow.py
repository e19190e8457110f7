"""RoboFlow: grow an image classifier from nothing but an idea and a search tag.

The front door: arguments or guided answers -> Plan -> run the steps -> one exit code. `python roboflow.py --help`.
"""

import os
import sys

# Two BLAS threads on busy cores made training the head 20 times slower.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# In a locale of old, names and logs are UTF-8 all the same.
if not sys.flags.utf8_mode and sys.getfilesystemencoding() != "utf-8":
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.argv])

from flow.front.cli import main

if __name__ == "__main__":
    code = main(sys.argv[1:])
    if "tensorflow" in sys.modules:
        from scripts.learn.tensor import tidy

        tidy()
        os._exit(code)  # everything is flushed; TensorFlow alone takes another second to leave
    sys.exit(code)
