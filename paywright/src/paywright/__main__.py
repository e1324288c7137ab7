"""``python -m paywright`` and the ``paywright`` script."""

import sys

from paywright.cli import run


def main() -> None:
    """Run the command line; exit 2 with one line for bad input."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
