"""`python -m lobterm`."""

import sys

from lobterm.cli import main

if __name__ == "__main__":
    sys.exit(main())
