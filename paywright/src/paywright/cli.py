"""The command line. All but ``serve`` needs the standard library alone."""

import argparse
import os
import socket
import sqlite3
import sys
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote, urlsplit

from paywright.api.addresses import is_web_address
from paywright.money.fees import Fees, FeesImpossible
from paywright.money.fees import parsed as parsed_fees
from paywright.sandbox.faults import Fault, Faults, FaultUnknown, parsed
from paywright.server import AddressTaken, NotInstalled, address, check_installed, listen, serve
from paywright.state.business import Business
from paywright.state.ids import webhook_secret

PORT_DEFAULT = 12111
SECRET_VARIABLE = "PAYWRIGHT_SECRET"  # noqa: S105 (the name of it)
NAME_LENGTH_MAX = 100


class BadInput(Exception):
    """An option of the command line is invalid."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadInput(message)


def run(arguments: list[str]) -> int:
    """Carry out one command; return the exit code."""
    try:
        options = _parser().parse_args(arguments)
        return int(options.command(options))
    except (BadInput, AddressTaken, NotInstalled) as problem:
        print(f"paywright: {problem}", file=sys.stderr)
    except sqlite3.DatabaseError as problem:
        print(f"paywright: the state file is damaged: {problem}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="paywright", description="An offline Stripe look-alike for development and tests.")
    commands = parser.add_subparsers(required=True, metavar="command", parser_class=_Parser)
    _add_serve(commands.add_parser("serve", help="run the server"))
    advance = commands.add_parser("advance", help="move the running server's clock on: paywright advance 2d")
    advance.add_argument("span", help="seconds, or a number with s, m, h, d or w")
    advance.set_defaults(command=lambda o: _ask(o, "clock", {"advance": o.span}))
    trigger = commands.add_parser("trigger", help="make an event happen: paywright trigger charge.refunded")
    trigger.add_argument("event")
    trigger.set_defaults(command=lambda o: _ask(o, "trigger", {"event": o.event}))
    pay = commands.add_parser("pay", help="pay a Checkout Session: paywright pay cs_test_... --card 4242424242424242")
    pay.add_argument("session")
    pay.add_argument("--card", default="4242424242424242", help="a test card's number")
    pay.add_argument("--three-d-secure", choices=["complete", "fail"], help="how the challenge ends")
    pay.set_defaults(command=_pay)
    resend = commands.add_parser("resend", help="deliver an event again: paywright resend evt_...")
    resend.add_argument("event")
    resend.set_defaults(command=lambda o: _ask(o, f"events/{quote(o.event)}/resend", {}))
    for command in (advance, trigger, pay, resend):
        default = f"http://127.0.0.1:{PORT_DEFAULT}"
        command.add_argument("--url", type=_url, default=default, help=f"the running server (default {default})")
    return parser


def _add_serve(server: argparse.ArgumentParser) -> None:
    server.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    server.add_argument("--port", type=_port, default=PORT_DEFAULT, help=f"default {PORT_DEFAULT}; 0 takes a free one")
    server.add_argument("--public-url", type=_url, help="where browsers reach this server, if not at --host and --port")
    server.add_argument("--forward-to", type=_url, help="the webhook URL that gets every event")
    server.add_argument(
        "--secret",
        type=_secret,
        help=f"the webhook's signing secret (whsec_...); else {SECRET_VARIABLE} of the environment, which others"
        " cannot read in the list of processes; else made up",
    )
    server.add_argument("--state", type=Path, help="SQLite file that keeps the state; without it nothing is kept")
    server.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        help="make something go wrong, e.g. drop:match=charge.*,probability=0.5,seed=7 (may be repeated)",
    )
    usual = Fees()
    server.add_argument("--fee-percent", default=usual.percent, help=f"of each payment (default {usual.percent})")
    server.add_argument("--fee-fixed-usd", default=usual.fixed_usd, help=f"in dollars (default {usual.fixed_usd})")
    name = Business().name
    server.add_argument("--business-name", type=_name, default=name, help=f"who sells (default {name})")
    server.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a host name under which the server is asked, besides localhost, IP addresses and that of --public-url"
        " (may be repeated)",
    )
    server.add_argument(
        "--allow-target",
        action="append",
        default=[],
        metavar="HOST",
        help="a host, besides this machine and that of --forward-to, to which webhooks may be sent; * is any"
        " (may be repeated)",
    )
    server.add_argument("--fd", type=int, help=argparse.SUPPRESS)
    server.set_defaults(command=_serve)


def _serve(options: argparse.Namespace) -> int:
    check_installed()
    from paywright.api.hosts import Hosts
    from paywright.state.store import StateUnreadable, Store
    from paywright.webhooks.forwarding import set_forward
    from paywright.webhooks.targets import Targets

    # A test passes a listening socket as --fd.
    listener = listen(options.host, options.port) if options.fd is None else _handed_over(options.fd)
    base_url = options.public_url or address(listener)
    business = Business(options.business_name, _fees(options))
    given = options.secret or _secret_of_environment()
    secret = given or webhook_secret()
    forwarded = [urlsplit(options.forward_to).hostname or ""] if options.forward_to else []
    try:
        store = Store(options.state, base_url, business, Targets([*forwarded, *options.allow_target]))
    except StateUnreadable as problem:
        raise BadInput(str(problem)) from None
    set_forward(store, options.forward_to, secret)
    print(f"Paywright listens on {address(listener)} (no money moves)", flush=True)
    if options.forward_to:
        print(f"Events go to {options.forward_to}, signed with {'the given secret' if given else secret}", flush=True)
    serve(listener, store, Faults(options.fault), Hosts(base_url, address(listener), names=options.allow_host))
    return 0


def _handed_over(fd: int) -> socket.socket:
    try:
        return socket.socket(fileno=fd)
    except OSError as problem:
        raise BadInput(f"--fd {fd} is no socket: {problem.strerror}") from None


def _pay(options: argparse.Namespace) -> int:
    challenge = {"three_d_secure": options.three_d_secure} if options.three_d_secure else {}
    return _ask(options, f"sessions/{quote(options.session)}/pay", {"card": options.card, **challenge})


def _ask(options: argparse.Namespace, path: str, body: dict[str, str]) -> int:
    """Call the running server and print its answer; refusals are BadInput."""
    import json

    from paywright.remote import RemoteRefusal, post

    try:
        answer = post(options.url, f"/_paywright/{path}", body)
    except RemoteRefusal as refusal:
        raise BadInput(str(refusal)) from None
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    return 0


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise BadInput(f"--port must be a number from 0 to 65535, not {text!r}")
    return int(text)


def _url(text: str) -> str:
    if not is_web_address(text):
        raise BadInput(f"not an http(s) address: {text!r}")
    return text.rstrip("/") if urlsplit(text).path in ("", "/") else text


def _fault(text: str) -> Fault:
    try:
        return parsed(text)
    except FaultUnknown as problem:
        raise BadInput(f"--fault: {problem}") from None


def _fees(options: argparse.Namespace) -> Fees:
    try:
        return parsed_fees(options.fee_percent, options.fee_fixed_usd)
    except FeesImpossible as problem:
        raise BadInput(f"--fee-percent, --fee-fixed-usd: {problem}") from None


def _name(text: str) -> str:
    if not text.strip() or len(text) > NAME_LENGTH_MAX:
        raise BadInput(f"--business-name has 1 to {NAME_LENGTH_MAX} characters")
    return text.strip()


def _secret_of_environment() -> str | None:
    given = os.environ.get(SECRET_VARIABLE)
    return _secret(given, SECRET_VARIABLE) if given else None


def _secret(text: str, source: str = "--secret") -> str:
    if not text.startswith("whsec_") or text == "whsec_":
        raise BadInput(f"{source} must be whsec_ and what follows it")
    return text
