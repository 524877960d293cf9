#!/usr/bin/python3
"""The VIP's agent on a node. See `vip.py --help`."""
import sys

from keepalived_vip.operator.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
