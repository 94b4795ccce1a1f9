"""`python -m rtvol` is `rtvol`."""

import sys

from rtvol.cli import main

if __name__ == "__main__":
    sys.exit(main())
