"""What the terminal shows once the store runs: what is where, and what to try."""

import shlex
from collections.abc import Iterable, Iterator

from shop.run.configuration import ROOT, STAFF_NAME, Configuration
from shop.terminal import _, padded, width


def welcome(configuration: Configuration, password: str | None) -> str:
    """The whole text; the staff user's password if it was made just now."""
    paragraphs = [
        [_("The store is open.")],
        list(_columns(_addresses(configuration, password))),
        list(_try_this(configuration)),
        [_("Mails are written into {folder}. Ctrl-C ends everything.").format(folder=configuration.data / "mail")],
    ]
    return "\n" + "\n\n".join("\n".join(lines) for lines in paragraphs) + "\n"


def _addresses(configuration: Configuration, password: str | None) -> Iterator[tuple[str, ...]]:
    yield _("Store"), f"{configuration.store_url}/"
    yield _("Admin"), f"{configuration.store_url}/admin/", _login(configuration, password)
    if configuration.paywright_url:
        yield "Paywright", f"{configuration.paywright_url}/", _("stands in for Stripe: no account, no real money")


def _login(configuration: Configuration, password: str | None) -> str:
    if password:
        return _("user {name}, password {password} (shown only now)").format(name=STAFF_NAME, password=password)
    elsewhere = configuration.data.resolve() != ROOT / "var"
    folder = f"--data {shlex.quote(str(configuration.data.resolve()))} " if elsewhere else ""
    command = f"./run {folder}manage changepassword {STAFF_NAME}"
    return _("user {name} (new password: {command})").format(name=STAFF_NAME, command=command)


def _try_this(configuration: Configuration) -> Iterator[str]:
    if configuration.paywright_url is None:
        yield from _with_stripe(configuration)
    else:
        yield _("Buy something and pay with one of these cards, with any CVC and any date in the future:")
    if not configuration.livemode:
        yield from _columns(
            [
                ("4242 4242 4242 4242", _("paid")),
                ("4000 0000 0000 0002", _("declined")),
                ("4000 0025 0000 3155", _("3D Secure needed")),
            ]
        )


def _with_stripe(configuration: Configuration) -> Iterator[str]:
    forward = f"stripe listen --all-snapshot --forward-to localhost:{configuration.port}/payment/webhooks/"
    if configuration.livemode:
        yield _("STRIPE_SECRET_KEY is a live key: Stripe takes the payments, and cards are really charged.")
    else:
        yield _("STRIPE_SECRET_KEY is set: Stripe takes the payments, in test mode; Paywright is not started.")
    yield _("Stripe's events arrive only while this runs in another terminal: {command}").format(command=forward)


def _columns(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    rows = list(rows)
    widths = [max(width(row[column]) for row in rows) for column in (0, 1)]
    for row in rows:
        aligned = [padded(cell, to) for cell, to in zip(row, widths, strict=False)]
        yield "  " + "   ".join([*aligned, *row[2:]]).rstrip()
