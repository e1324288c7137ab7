"""Orders as a shop in Korea would have them after three years: the same ones every time, as rows of values."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

DAYS = 3 * 365
LINES = range(1, 4)
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
# An odd multiplier spreads consecutive numbers over the whole range, each once: random to look at, and repeatable.
SPREAD, MASK = 0x9E3779B97F4A7C15, 0xFFFFFFFFFFFFFFFF
CLOCK = [f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}" for second in range(86400)]
# Prices and quantities repeat after so many orders.
PERIOD = 90
# As long as a real one, which the lists must not read.
DOCUMENT = '{"buyer": "김하늘", "lines": "' + "백자 머그컵 " * 60 + '"}'
PAYLOAD = '{"id": "evt", "object": "event", "data": {"object": {"object": "checkout.session"}}}'

Row = tuple[Any, ...]
# For each model its columns; each name is that of the method of `Orders` that makes the rows. The longest come first.
TABLES = {
    "orders": (
        "jumun_orders.Order",
        "id number reference name email address postal_code city country currency phone total_minor tax_minor"
        " placed_at expires_at state paid_at closed_at livemode language",
    ),
    "invoices": ("jumun_invoices.Invoice", "id order_id number document_sha256 issued_at document_json"),
    "lines": (
        "jumun_orders.OrderLine",
        "id order_id position sku name unit_price_minor quantity tax_minor total_minor tax_rate_ppm tax_category",
    ),
    "events": (
        "jumun_payments.InboxEvent",
        "id event_id order_id state created_at received_at run_at finished_at type livemode payload attempts",
    ),
    "payments": (
        "jumun_payments.Payment",
        "id order_id payment_intent_id amount_minor currency card_last4 paid_at created_at status livemode card_brand"
        " settles_order",
    ),
}


def _line(at: int, position: int) -> Row:
    """The columns of a line after its order."""
    price, quantity, good = 1000 * (1 + (at * 31 + position * 17) % 90), 1 + (at + position) % 3, (at + position) % 10
    total = price * quantity
    return position, f"SKU-{good}", GOODS[good], price, quantity, total // 11, total, 100_000, "S"


_LINES = [[_line(at, position) for position in LINES] for at in range(PERIOD)]
_TOTALS = [sum(line[6] for line in lines) for lines in _LINES]


class Orders:
    """``count`` orders, the last one placed an hour before ``now``."""

    def __init__(self, count: int, now: datetime) -> None:
        self.count = count
        first_day = (now - timedelta(days=DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
        self._days = [f"{first_day + timedelta(days=day):%Y-%m-%d}" for day in range(DAYS + 3)]
        self._end_s = int((now - first_day).total_seconds()) - 3600
        self._step_s = DAYS * 86400 / count
        # The last few may still be paid.
        self._open = max(1, count // 5000)

    def orders(self) -> Iterator[Row]:
        for pk in range(1, self.count + 1):
            spread, placed_s = pk * SPREAD & MASK, self._placed_s(pk)
            state, (country, currency), total = self._state(pk), PLACES[spread % 50], _TOTALS[pk % PERIOD]
            closed = self._at(placed_s + 7200)
            # One in a thousand tries to be a formula.
            trick = "=" if pk % 1000 == 7 else ""
            yield (
                pk,
                f"{self._days[placed_s // 86400].replace('-', '')}-{spread & 0xFFFFFFFF:08X}",
                f"ref{spread:020d}",
                f"{trick}{SURNAMES[spread % 20]}{GIVEN_NAMES[(spread >> 8) % 19]}",
                f"buyer{spread % 400_000}@example.com",
                f"{STREETS[(spread >> 16) % 10]} {pk % 500}",
                f"{spread % 100000:05d}",
                CITIES[(spread >> 24) % 12],
                *(country, currency, f"+8210{spread % 100000000:08d}", total, total // 11),
                *(self._at(placed_s), closed, state, self._at(placed_s + 180) if state == "paid" else None),
                *(None if state in {"paid", "placed"} else closed, False, "ko"),
            )

    def lines(self) -> Iterator[Row]:
        for pk in range(1, self.count + 1):
            for line in _LINES[pk % PERIOD]:
                yield ((pk - 1) * len(LINES) + line[0], pk, *line)

    def payments(self) -> Iterator[Row]:
        for pk, at in self._paid():
            spread = pk * SPREAD & MASK
            paid = (_TOTALS[pk % PERIOD], PLACES[spread % 50][1], f"{pk % 10000:04d}", at, at)
            yield pk, pk, f"pi_{spread:024d}", *paid, "paid", False, "visa", True

    def invoices(self) -> Iterator[Row]:
        for number, (pk, at) in enumerate(self._paid(), start=1):
            yield number, pk, f"TEST-INV-2026-{number:06d}", f"{pk:064x}", at, DOCUMENT

    def events(self) -> Iterator[Row]:
        for pk, at in self._paid():
            state = "parked" if pk % 100_000 == 0 else "done"
            yield pk, f"evt_{pk:024d}", pk, state, at, at, at, at, "checkout.session.completed", False, PAYLOAD, 1

    def _paid(self) -> Iterator[tuple[int, str]]:
        """The paid orders, and when each was paid."""
        for pk in range(1, self.count + 1):
            if self._state(pk) == "paid":
                yield pk, self._at(self._placed_s(pk) + 180)

    def _state(self, pk: int) -> str:
        return "placed" if pk > self.count - self._open else STATES[pk * 7 % 20]

    def _placed_s(self, pk: int) -> int:
        """Seconds since the beginning of the first day."""
        return max(0, self._end_s - int(self._step_s * (self.count - pk)))

    def _at(self, seconds: int) -> str:
        """The time in UTC as both databases read it."""
        return f"{self._days[seconds // 86400]} {CLOCK[seconds % 86400]}"
