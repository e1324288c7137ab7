"""``python -m shop``: start the store, do the whole job once (``tour``), or run a management command (``manage``)."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from shop.run.configuration import PAYWRIGHT_PORT, STORE_PORT, ConfigurationError
from shop.run.store import StoreFailed
from shop.terminal import _


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    0 for a store that was ended and for a tour whose every step held, 1 for a failure, 2 for a wrong start, 130 for
    a tour that was interrupted.
    """
    chosen = _parser().parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup keeps its meaning
            signal.signal(number, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace", line_buffering=True)  # type: ignore[union-attr]
    try:
        return _run(chosen)
    except (ConfigurationError, StoreFailed) as error:
        print(f"jumun: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigurationError) else 1
    except KeyboardInterrupt:
        return 130 if chosen.command == "tour" else 0  # as a shell has it: 128 and the number of SIGINT


def _run(chosen: argparse.Namespace) -> int:
    if chosen.command == "tour":
        from shop.tour.tour import tour

        return tour(as_json=chosen.json, keep=chosen.keep)
    if chosen.command == "manage":
        from shop.run.manage import manage

        manage(data=chosen.data, arguments=chosen.arguments)
    from shop.run.start import start

    return start(data=chosen.data, port=chosen.port, paywright_port=chosen.paywright_port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run", description=_("Start the store, Paywright and a worker."))
    parser.add_argument("--port", type=_port, default=STORE_PORT, help=_("the store's port (default: %(default)s)"))
    parser.add_argument(
        "--paywright-port", type=_port, default=PAYWRIGHT_PORT, help=_("Paywright's port (default: %(default)s)")
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help=_("where all data is kept (default: var)"))
    commands = parser.add_subparsers(title=_("other commands"), metavar="", dest="command")
    tour = commands.add_parser("tour", help=_("do the whole job once without a browser, and show each step"))
    tour.add_argument("--json", action="store_true", help=_("print one JSON document only"))
    tour.add_argument("--keep", type=Path, metavar="DIR", help=_("keep the invoices, the XML and the CSV file there"))
    manage = commands.add_parser(
        "manage", add_help=False, help=_("run a management command on the store's data, as in: manage audit")
    )
    manage.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def _port(text: str) -> int:
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(_("{text} is not a port (1 to 65535)").format(text=text))


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
