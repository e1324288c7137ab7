"""What can happen in a run: who does what. A plan is a list of these."""

import signal
from dataclasses import dataclass

PAID = "4242424242424242"


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """One customer and one order."""

    number: int
    # Articles by the last part of their address, and how many of each.
    basket: tuple[tuple[str, int], ...]
    language: str = "ko"
    # As typed into the form.
    name: str = "김하늘"
    address: str = "세종대로 110"
    # Cards or accounts, tried one after the other; nobody pays with none.
    tries: tuple[str, ...] = (PAID,)
    passes_challenge: bool = True
    # How often the order button and the payment button are pressed, at once.
    orders_at_once: int = 1
    pays_at_once: int = 1
    # Goes to the payment page late, and pays when the order is overdue.
    is_late: bool = False
    # Pays in every session that Stripe has for the order, also those whose address the store never learnt.
    pays_every_session: bool = False
    comes_back: bool = True

    @property
    def client_address(self) -> str:
        """Everybody has their own, of those reserved for measurements (RFC 2544)."""
        return f"198.18.{self.number // 250}.{self.number % 250 + 1}"


@dataclass(frozen=True, slots=True)
class Arrive:
    buyer: Buyer


@dataclass(frozen=True, slots=True)
class OpenLate:
    """A buyer who has ordered long ago goes to the payment page."""

    buyer: Buyer


@dataclass(frozen=True, slots=True)
class PayLate:
    """The same buyer pays, so many seconds after the step's turn."""

    buyer: Buyer
    delay_s: float


@dataclass(frozen=True, slots=True)
class Refund:
    """So many clerks at once refund that share of what is left of the buyer's payment."""

    buyer: Buyer
    percent: int
    clerks: int


@dataclass(frozen=True, slots=True)
class RefundLines:
    """So many clerks at once refund a piece of the buyer's line at that position, modulo how many lines there are."""

    buyer: Buyer
    line: int
    # The piece is put back on the shelf.
    restock: bool
    clerks: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """A clerk cancels the buyer's order, so many seconds after the step's turn, whatever the buyer is about to do."""

    buyer: Buyer
    delay_s: float


@dataclass(frozen=True, slots=True)
class Replay:
    """A clerk has all that Stripe told of the buyer's order processed again."""

    buyer: Buyer


@dataclass(frozen=True, slots=True)
class DashboardRefund:
    """A refund made at Stripe."""

    buyer: Buyer
    percent: int


@dataclass(frozen=True, slots=True)
class Dispute:
    """The buyer's bank asks the money back; the evidence that is sent wins, loses, or is never sent."""

    buyer: Buyer
    evidence: str


@dataclass(frozen=True, slots=True)
class Kill:
    """-9, so many seconds after the step's turn, and a new start."""

    process: str
    delay_s: float


@dataclass(frozen=True, slots=True)
class RestartDatabase:
    """``crash`` ends it as a power cut would, but for the disk."""

    crash: bool
    delay_s: float


@dataclass(frozen=True, slots=True)
class Advance:
    """The clock moves on."""

    minutes: int


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Stripe's notifications are switched off, or on again."""

    on: bool


@dataclass(frozen=True, slots=True)
class HangStripe:
    """For so many seconds, Stripe takes the calls that match the pattern and does not answer. It still sends events."""

    calls: str
    for_s: float


@dataclass(frozen=True, slots=True)
class HangMail:
    """For so many seconds, the mail server takes connections and says nothing."""

    for_s: float


@dataclass(frozen=True, slots=True)
class KillEngine:
    """The process that renders PDFs ends by this signal, so many seconds after it is seen to run."""

    signal: signal.Signals
    delay_s: float


@dataclass(frozen=True, slots=True)
class WrongClock:
    """For so many seconds, the clock of the store's machine is so far ahead of the right time, or behind it."""

    ahead_min: int
    for_s: float


@dataclass(frozen=True, slots=True)
class WrongSecret:
    """For so many seconds, the store is deployed with the signing secret of another endpoint."""

    for_s: float


@dataclass(frozen=True, slots=True)
class AnotherAccount:
    """For so many seconds, the store is deployed with the key of another account."""

    for_s: float


@dataclass(frozen=True, slots=True)
class Stockpile:
    """For so many seconds, a stranger orders as much as the pages let of one article, and never pays."""

    slug: str
    browsers: int
    for_s: float


@dataclass(frozen=True, slots=True)
class BackUp:
    """A backup is taken while everybody goes on."""


@dataclass(frozen=True, slots=True)
class LoseEverything:
    """The store ends and its database is gone, with the archive of documents or without, and the backup is restored."""

    archive_survives: bool


Step = (
    Arrive
    | OpenLate
    | PayLate
    | Refund
    | RefundLines
    | Cancel
    | Replay
    | DashboardRefund
    | Dispute
    | Kill
    | RestartDatabase
    | Advance
    | Webhooks
    | HangStripe
    | HangMail
    | KillEngine
    | WrongClock
    | WrongSecret
    | AnotherAccount
    | Stockpile
    | BackUp
    | LoseEverything
)
