"""What happens in a run, as a pure function of its seed: who buys what and pays how, what staff do, what is killed.

The same seed gives the same steps in the same order, and the same faults. How the operating system interleaves the
processes is not in anybody's hands, so a replay does the same things, not at the same microseconds.
"""

import random
import tomllib
from dataclasses import dataclass, field

from shop.run.configuration import ROOT
from tests.chaos.disasters import disasters, enough_of
from tests.chaos.paperwork import paperwork
from tests.chaos.steps import (
    PAID,
    Advance,
    Arrive,
    Buyer,
    DashboardRefund,
    Dispute,
    Kill,
    OpenLate,
    PayLate,
    Refund,
    RestartDatabase,
    Step,
    Webhooks,
    WrongSecret,
)
from tests.chaos.troubles import troubles, with_hard_names

SECURE = "4000002500003155"
DECLINED = ("4000000000000002", "4000000000009995", "4000000000000127", "4000000000000341")
DISPUTED, ASKED_ABOUT = "4000000000000259", "4000000000001976"
REFUND_WAITS, REFUND_FAILS = "4000000000007726", "4000000000005126"
DEBIT_PAID, DEBIT_FAILED = ("AT611904300234573201", "AT321904300235473204"), ("AT861904300235473202",)
CATALOGUE = ROOT / "shop" / "demo" / "catalogue.toml"
RUSH_BUYERS_MAX, RUSH_STOCK_MAX = 32, 10
PLENTY = 1_000_000
# An unpaid order lives for two hours, a session for 31 minutes at least: one that is opened late outlives its order.
LATE_MIN, PAST_EXPIRY_MIN = 100, 25
DAYS_MIN = 4 * 24 * 60

# Every run has at least the first ones; later ones are drawn.
KILLED = ("web", "worker-1", "paywright", "web-child", "worker-2", "worker-3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All of a run."""

    seed: int
    orders: int
    currency: str
    stock: dict[str, int]
    # The article that a stranger orders and does not pay. There is enough of it for everybody else.
    coveted: str
    # Whether any notification of Stripe's arrives at all, from the first order to the last reconciliation.
    webhooks: bool = True
    # Two web servers, as on two machines: buyers at one, staff and notifications at the other.
    several: bool = False
    # Celery's workers and beat in place of our own.
    celery: bool = False
    steps: list[Step] = field(default_factory=list)


def make(seed: int, orders: int, *, webhooks: bool = True, several: bool = False, celery: bool = False) -> Plan:
    """The plan of a seed; whatever else is chosen, the same people."""
    draw = random.Random(f"{seed} {orders}")
    currency = draw.choice(["KRW", "EUR"])
    articles = [row["slug"] for row in tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["product"]]
    rare = draw.choice(articles)
    rush = min(RUSH_BUYERS_MAX, orders // 4)
    stock = dict.fromkeys(articles, PLENTY) | {rare: RUSH_STOCK_MAX * rush // RUSH_BUYERS_MAX}
    common = [slug for slug in articles if slug != rare]
    rush_begins = draw.randrange(orders - rush + 1)
    buyers = [
        _buyer(draw, number, common, currency)
        if not rush_begins <= number < rush_begins + rush
        else Buyer(number=number, basket=((rare, 1),), language=draw.choice(["ko", "en"]), tries=(PAID,))
        for number in range(orders)
    ]
    # Draws of their own, so that a seed's buyers are the same whatever staff do and whatever troubles there are.
    troubled = random.Random(f"{seed} {orders} troubles")
    buyers = with_hard_names(troubled, buyers)
    # And another one for what was added later.
    disastrous = random.Random(f"{seed} {orders} disasters")
    coveted = disastrous.choice(common)
    stock[coveted] = enough_of(coveted, buyers)
    others = [*troubles(troubled, orders), *disasters(disastrous, orders, coveted)]
    steps = _steps(draw, buyers, others, staff=random.Random(f"{seed} {orders} paperwork"))
    if several:
        steps = [_elsewhere(step, number) for number, step in enumerate(steps)]
    if not webhooks:
        steps = [step for step in steps if not isinstance(step, Webhooks | WrongSecret)]
    return Plan(
        seed=seed,
        orders=orders,
        currency=currency,
        stock=stock,
        coveted=coveted,
        webhooks=webhooks,
        several=several,
        celery=celery,
        steps=steps,
    )


def _elsewhere(step: Step, number: int) -> Step:
    """Some of the kills hit the other web server."""
    return Kill("web-2", step.delay_s) if isinstance(step, Kill) and step.process == "web" and number % 2 else step


def _buyer(draw: random.Random, number: int, articles: list[str], currency: str) -> Buyer:
    basket = tuple((slug, draw.randint(1, 3)) for slug in draw.sample(articles, draw.choice([1, 1, 1, 2, 3])))
    return Buyer(
        number=number,
        basket=basket,
        language=draw.choice(["ko", "en"]),
        tries=_tries(draw, currency),
        passes_challenge=draw.random() < 0.7,
        orders_at_once=2 if draw.random() < 0.15 else 1,
        pays_at_once=2 if draw.random() < 0.15 else 1,
        is_late=draw.random() < 0.08,
        pays_every_session=draw.random() < 0.4,
        comes_back=draw.random() < 0.7,
    )


def _tries(draw: random.Random, currency: str) -> tuple[str, ...]:
    kind = draw.choices(
        ["paid", "declined first", "secure", "waits", "fails", "disputed", "debit", "debit fails", "never"],
        [50, 12, 10, 4, 4, 3, 6 if currency == "EUR" else 0, 4 if currency == "EUR" else 0, 10],
    )[0]
    return {
        "paid": (PAID,),
        "declined first": (draw.choice(DECLINED), PAID),
        "secure": (SECURE, PAID),
        "waits": (REFUND_WAITS,),
        "fails": (REFUND_FAILS,),
        "disputed": (draw.choice([DISPUTED, ASKED_ABOUT]),),
        "debit": (draw.choice(DEBIT_PAID),),
        "debit fails": (DEBIT_FAILED[0],),
        "never": (),
    }[kind]


def _steps(
    draw: random.Random, buyers: list[Buyer], others: list[tuple[float, Step]], *, staff: random.Random
) -> list[Step]:
    last = len(buyers)
    placed: list[tuple[float, Step]] = [(buyer.number, Arrive(buyer)) for buyer in buyers]
    for buyer in buyers:
        placed += _after(draw, buyer)
    placed += _kills(draw, last)
    placed += _hours(draw, buyers)
    placed += paperwork(staff, placed)
    placed += others
    return [step for _position, step in sorted(placed, key=lambda pair: pair[0])]


def _after(draw: random.Random, buyer: Buyer) -> list[tuple[float, Step]]:
    position = buyer.number + draw.uniform(8, 30)
    kind = draw.choices(["nothing", "whole", "part", "at once", "dashboard", "dispute"], [66, 8, 10, 6, 6, 4])[0]
    if kind == "whole":
        return [(position, Refund(buyer, 100, 1))]
    if kind == "part":
        return [(position, Refund(buyer, draw.randint(10, 60), 1)), (position + 5, Refund(buyer, 100, 1))]
    if kind == "at once":
        return [(position, Refund(buyer, 100, draw.randint(2, 4)))]
    if kind == "dashboard":
        return [(position, DashboardRefund(buyer, draw.choice([30, 100])))]
    if kind == "dispute":
        return [(position, Dispute(buyer, draw.choice(["winning_evidence", "losing_evidence", ""])))]
    return []


def _kills(draw: random.Random, last: int) -> list[tuple[float, Step]]:
    names = [*KILLED, *draw.choices(KILLED, k=last // 12)][: max(3, last // 12)]
    kills = [(draw.uniform(1, last), Kill(name, round(draw.uniform(0, 1.5), 3))) for name in names]
    restarts = [
        (draw.uniform(last * 0.3, last * 0.8), RestartDatabase(crash, round(draw.uniform(0, 1.5), 3)))
        for crash in (False, True)
    ]
    return [*kills, *restarts]


def _hours(draw: random.Random, buyers: list[Buyer]) -> list[tuple[float, Step]]:
    """Moves of the clock, to which late buyers keep, and an hour without webhooks."""
    last = len(buyers)
    moments = [last * (part + 1) / (count + 1) for count in [max(1, last // 120)] for part in range(count)]
    placed: list[tuple[float, Step]] = []
    for moment in moments:
        placed += [(moment, Advance(LATE_MIN)), (moment + 0.2, Advance(PAST_EXPIRY_MIN))]
    for buyer in buyers:
        later = next((moment for moment in moments if moment > buyer.number), None)
        if buyer.is_late and later:
            placed += [(later + 0.1, OpenLate(buyer)), (later + 0.3, PayLate(buyer, round(draw.uniform(0, 5), 3)))]
    # Longer than Stripe remembers an idempotency key, and until money is paid out.
    placed.append((last * 0.9, Advance(DAYS_MIN)))
    begins = last * draw.uniform(0.2, 0.7)
    placed += [
        (begins, Webhooks(on=False)),
        (begins + last * 0.1, Advance(60)),
        (begins + last * 0.1, Webhooks(on=True)),
    ]
    return placed
