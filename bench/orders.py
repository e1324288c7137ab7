"""Orders as a shop in Korea would have them after three years, as lines of text for COPY: the same ones every time.

Cells are separated by tabs, and NULL is ``\\N``: PostgreSQL reads such a line as it is.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

DAYS_TOLD = 3 * 365
LINES = 3
NULL = "\\N"
SURNAMES = "김 이 박 최 정 강 조 윤 장 임 한 오 서 신 권 황 안 송 전 홍".split()
GIVEN_NAMES = "하늘 민준 서연 지우 도윤 예은 시우 하윤 주원 수아 지호 다은 은우 채원 유준 소율 건우 나래 보람".split()
CITIES = "서울 부산 인천 대구 대전 광주 수원 울산 용인 고양 창원 성남".split()
STREETS = "세종대로 테헤란로 강남대로 을지로 종로 퇴계로 한강대로 올림픽로 중앙대로 해운대로".split()
GOODS = (
    *("백자 머그컵", "놋수저 한 벌", "한지 공책", "누비 이불", "김치 항아리", "보자기", "자개 상자", "전통차 세트"),
    *("나전 명함집", "모시 식탁보"),
)
PLACES = [("KR", "KRW")] * 45 + [("US", "USD"), ("JP", "JPY"), ("DE", "EUR"), ("GB", "USD"), ("FR", "EUR")]
STATES = ["paid"] * 17 + ["expired"] * 2 + ["cancelled"]
BASE_32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PAIRS = [first + second for first in BASE_32 for second in BASE_32]
# An odd multiplier spreads consecutive numbers over the whole range, each once: random to look at, and repeatable.
SPREAD, MASK = 0x9E3779B97F4A7C15, 0xFFFFFFFFFFFFFFFF
CLOCK = [f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}+00" for second in range(86400)]
# Prices and quantities repeat after so many orders.
PERIOD = 90

ORDER = (
    *("id", "number", "reference", "name", "email", "address", "postal_code", "city", "country", "currency", "phone"),
    *("total_minor", "tax_minor", "placed_at", "expires_at", "state", "paid_at", "closed_at", "livemode", "language"),
)
LINE = (
    *("id", "order_id", "position", "sku", "name", "unit_price_minor", "quantity", "tax_minor", "total_minor"),
    *("tax_rate_ppm", "tax_category"),
)
PAYMENT = (
    *("id", "order_id", "payment_intent_id", "amount_minor", "currency", "card_last4", "paid_at", "created_at"),
    *("status", "livemode", "card_brand", "settles_order"),
)
INVOICE = ("id", "order_id", "number", "document_sha256", "issued_at", "document_json")
EVENT = (
    *("id", "event_id", "order_id", "state", "created_at", "received_at", "run_at", "finished_at"),
    *("type", "livemode", "payload", "attempts"),
)
# As long as a real one, which the lists must not read.
DOCUMENT = '{"buyer": "김하늘", "lines": "' + "백자 머그컵 " * 60 + '"}'
PAYLOAD = '{"id": "evt", "object": "event", "data": {"object": {"object": "checkout.session"}}}'


def _line(at: int, position: int) -> tuple[int, int]:
    """Unit price and quantity."""
    return 1000 * (1 + (at * 31 + position * 17) % 90), 1 + (at + position) % 3


def _line_cells(at: int, position: int) -> str:
    price, quantity = _line(at, position)
    good, total = (at + position) % 10, price * quantity
    return f"{position}\tSKU-{good}\t{GOODS[good]}\t{price}\t{quantity}\t{total // 11}\t{total}\t100000\tS"


_POSITIONS = range(1, LINES + 1)
_LINE_CELLS = [[_line_cells(at, position) for position in _POSITIONS] for at in range(PERIOD)]
_TOTALS = [sum(price * quantity for price, quantity in (_line(at, p) for p in _POSITIONS)) for at in range(PERIOD)]


class Orders:
    """``count`` orders, the last one placed an hour before ``now``."""

    def __init__(self, count: int, now: datetime) -> None:
        self.count = count
        first_day = (now - timedelta(days=DAYS_TOLD)).replace(hour=0, minute=0, second=0, microsecond=0)
        self._days = [f"{first_day + timedelta(days=day):%Y-%m-%d}" for day in range(DAYS_TOLD + 3)]
        self._end_s = int((now - first_day).total_seconds()) - 3600
        self._step_s = DAYS_TOLD * 86400 / count
        # The last few may still be paid.
        self._open = max(1, count // 5000)

    def orders(self) -> Iterator[str]:
        for pk in range(1, self.count + 1):
            spread = pk * SPREAD & MASK
            state, (country, currency) = self._state(pk), PLACES[spread % 50]
            placed_s, total = self._placed_s(pk), _TOTALS[pk % PERIOD]
            closed = self._at(placed_s + 7200)
            # One in a thousand tries to be a formula.
            trick = "=" if pk % 1000 == 7 else ""
            yield (
                f"{pk}\t{self._days[placed_s // 86400].replace('-', '')}-{_base_32(spread)}\tref{spread:020d}"
                f"\t{trick}{SURNAMES[spread % 20]}{GIVEN_NAMES[(spread >> 8) % 19]}"
                f"\tbuyer{spread % 400_000}@example.com"
                f"\t{STREETS[(spread >> 16) % 10]} {pk % 500}\t{spread % 100000:05d}\t{CITIES[(spread >> 24) % 12]}"
                f"\t{country}\t{currency}\t+8210{spread % 100000000:08d}\t{total}\t{total // 11}"
                f"\t{self._at(placed_s)}\t{closed}\t{state}\t{self._at(placed_s + 180) if state == 'paid' else NULL}"
                f"\t{NULL if state in {'paid', 'placed'} else closed}\t0\tko"
            )

    def lines(self) -> Iterator[str]:
        for pk in range(1, self.count + 1):
            cells, before = _LINE_CELLS[pk % PERIOD], (pk - 1) * LINES
            for position in _POSITIONS:
                yield f"{before + position}\t{pk}\t{cells[position - 1]}"

    def payments(self) -> Iterator[str]:
        for pk in self._paid():
            spread, at = pk * SPREAD & MASK, self._at(self._placed_s(pk) + 180)
            yield (
                f"{pk}\t{pk}\tpi_{spread:024d}\t{_TOTALS[pk % PERIOD]}\t{PLACES[spread % 50][1]}\t{pk % 10000:04d}"
                f"\t{at}\t{at}\tpaid\t0\tvisa\t1"
            )

    def invoices(self) -> Iterator[str]:
        for number, pk in enumerate(self._paid(), start=1):
            at = self._at(self._placed_s(pk) + 180)
            yield f"{number}\t{pk}\tTEST-INV-2026-{number:06d}\t{pk:064x}\t{at}\t{DOCUMENT}"

    def events(self) -> Iterator[str]:
        for pk in self._paid():
            at = self._at(self._placed_s(pk) + 180)
            state = "parked" if pk % 100_000 == 0 else "done"
            yield (
                f"{pk}\tevt_{pk:024d}\t{pk}\t{state}\t{at}\t{at}\t{at}\t{at}\tcheckout.session.completed\t0\t{PAYLOAD}\t1"
            )

    def _paid(self) -> Iterator[int]:
        return (pk for pk in range(1, self.count + 1) if self._state(pk) == "paid")

    def _state(self, pk: int) -> str:
        return "placed" if pk > self.count - self._open else STATES[pk * 7 % 20]

    def _placed_s(self, pk: int) -> int:
        """Seconds since the beginning of the first day."""
        return max(0, self._end_s - int(self._step_s * (self.count - pk)))

    def _at(self, seconds: int) -> str:
        return f"{self._days[seconds // 86400]} {CLOCK[seconds % 86400]}"


def _base_32(spread: int) -> str:
    return PAIRS[spread & 1023] + PAIRS[spread >> 10 & 1023] + PAIRS[spread >> 20 & 1023] + PAIRS[spread >> 30 & 1023]
