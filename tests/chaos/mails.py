"""Each cause has its mail, and each mail its cause."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from tests.chaos.books import Books, Place
from tests.chaos.paper import SERIES
from tests.chaos.people import Lost
from tests.chaos.world import WORKERS

# Payments that the store gives back by itself: a mail to the customer, one to the shop, and no credit note.
AUTO_REFUNDED = "('second_payment', 'paid_after_close')"
# Of these the buyer's bank has taken the money, or has it in hand: nothing goes back, and nobody is told that it does.
AT_THE_BANK = (
    "EXISTS (SELECT 1 FROM jumun_payments_dispute d WHERE d.payment_id = p.id AND NOT d.is_charge_refundable"
    " AND d.status NOT IN ('won', 'warning_closed', 'prevented'))"
)

# Tells staff that a dispute must be answered soon.
WARNING = "dispute."


def mails(books: Books, lost: Lost) -> Iterator[str]:
    """One mail a cause; again only for a worker that was killed after the mail server had taken it.

    A restored store does not know what went out between the backup and the loss.
    """
    causes = list(_causes(books))
    before, after = map(_sent, (lost.mails, books.mails()[len(lost.mails) :]))
    for cause in causes:
        if not before[cause] + after[cause]:
            yield f"no mail for {cause}"
    for mail in after.keys() - set(causes) - set(_returns_at_the_bank(books)):
        if not mail.startswith(WARNING):
            yield f"a mail without a cause: {mail}"
    again = sum(sent.total() - len(sent) for sent in (before, after))
    might = mails_again_max(books.world)
    if again > might:
        yield f"{again} mails went out again, but only {might} may have: see `mails_again_max`"


def _sent(mails: list[str]) -> Counter[str]:
    return Counter(mail.strip("<>").partition("@")[0] for mail in mails)


def _causes(books: Books) -> Iterator[str]:
    """What a mail goes out for, as its Message-ID begins."""
    for table in chain.from_iterable(SERIES):
        for number, digest in books.rows(f"SELECT number, document_sha256 FROM {table}"):
            yield f"{number}.{digest[:16]}"
    yield from _returns(books, f"NOT {AT_THE_BANK}")
    uncredited = (
        "SELECT r.refund_id FROM jumun_payments_refund r JOIN jumun_payments_payment p ON p.id = r.payment_id"
        f" WHERE r.booked_at IS NOT NULL AND p.rejection_reason NOT IN {AUTO_REFUNDED}"
        " AND NOT EXISTS (SELECT 1 FROM jumun_invoices_creditnote c WHERE c.refund_id = r.refund_id)"
    )
    yield from (f"refund.{refund}" for (refund,) in books.rows(uncredited))


def _returns_at_the_bank(books: Books) -> Iterator[str]:
    """A mail that announces a return went out if the bank was slower than the worker, and else would not be true."""
    yield from _returns(books, AT_THE_BANK)


def _returns(books: Books, where: str) -> Iterator[str]:
    payments = f"SELECT p.payment_intent_id FROM jumun_payments_payment p WHERE rejection_reason IN {AUTO_REFUNDED}"
    for (intent,) in books.rows(f"{payments} AND {where}"):
        yield from (f"auto-refund.{intent}", f"auto-refund-staff.{intent}")


def mails_again_max(world: Place) -> int:
    """How often a mail may have gone out without that being written down, or written down too late.

    Once for each kill of a worker or its database. Where the clock leaps, leases end that are still held: once for
    each worker, when it becomes wrong and when it becomes right.
    """
    kills = sum(name in WORKERS or name.startswith("database") for name in world.kills)
    return kills + 2 * len(WORKERS) * world.clock_changes
