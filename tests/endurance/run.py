"""One store under one trouble: customers come all the time."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.readiness import Readiness
from tests.endurance.processes import Processes
from tests.endurance.report import MAIL, Report
from tests.endurance.sale import Sale, sell
from tests.endurance.store import Store, store
from tests.endurance.troubles import TROUBLES, Trouble

CUSTOMER_EVERY_S = 1.0
CUSTOMERS_AT_ONCE = 48


def run(name: str, folder: Path, *, database: str, minutes: float) -> Report:
    """Put a new store on sqlite or postgresql under a trouble for so long."""
    trouble, for_s = TROUBLES[name], minutes * 60
    stop = threading.Event()
    with (
        store(folder, database=database) as shop,
        Processes(shop.shop.process.pid) as processes,
        Readiness(shop.url, shop.books, lambda: datetime.now(UTC), lambda: True) as readiness,
    ):
        troublemaker = threading.Thread(target=trouble.act, args=(shop, stop, for_s), name=name)
        troublemaker.start()
        sales = _serve(shop, trouble, for_s)
        stop.set()
        troublemaker.join()
        _wait_for_mails(shop, sales, within_s=MAIL.allowed_s(name))
        for sale in sales:
            sale.paid_s = _after_payment(sale, shop.paid.get(sale.reference))
            sale.mailed_s = _after_payment(sale, shop.mailed.get(sale.email))
        is_open = shop.is_open
    return Report(
        name=name,
        database=database,
        minutes=minutes,
        sales=sales,
        memory_mb=processes.memory_mb,
        worker_deaths=processes.worker_deaths,
        worker_down_s=processes.worker_down_s,
        readyz_judged=readiness.asked,
        readyz_wrong=readiness.wrong,
        kills=len(shop.kills),
        is_open=is_open,
    )


def _serve(shop: Store, trouble: Trouble, for_s: float) -> list[Sale]:
    """One customer after the other at an even pace, whether or not those before have their goods."""
    sales: list[Sale] = []
    began = time.monotonic()
    with ThreadPoolExecutor(CUSTOMERS_AT_ONCE) as customers:
        while (now := time.monotonic()) < began + for_s and shop.is_open:
            number = len(sales)
            sales.append(Sale(trouble.buyer(number), has_hard_name=trouble.is_hard(number)))
            customers.submit(sell, shop, sales[-1])
            time.sleep(max(0.0, began + len(sales) * CUSTOMER_EVERY_S - now))
    return sales


def _wait_for_mails(shop: Store, sales: list[Sale], *, within_s: float) -> None:
    give_up = time.monotonic() + within_s
    expected = {sale.email for sale in sales}
    while expected - shop.mailed.keys() and time.monotonic() < give_up and shop.is_open:
        time.sleep(0.2)


def _after_payment(sale: Sale, moment: float | None) -> float | None:
    return moment - sale.paying_at if moment is not None and sale.paying_at else None
