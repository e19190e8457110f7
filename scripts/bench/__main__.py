"""python -m scripts.bench"""

import sys

from scripts.bench.bench import main

sys.exit(main())
