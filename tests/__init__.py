"""What holds for all tests, and for every program that they start; whoever has set these already is respected."""

import os
import tempfile

from tests.temporary_folder import quickest

if "TMPDIR" not in os.environ:
    os.environ["TMPDIR"] = tempfile.tempdir = quickest()
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy comes: the workers share the cores
