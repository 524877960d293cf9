#!/usr/bin/python3 -Es
"""The VIP's agent on a node. See `vip.py --help`.

-Es: no PYTHONPATH of root's environment and no package of root's own comes before what this is made of.
"""

import os
import sys

# Said by the units, and ignored with -E as the rest.
sys.dont_write_bytecode = "PYTHONDONTWRITEBYTECODE" in os.environ

from keepalived_vip.operator.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
