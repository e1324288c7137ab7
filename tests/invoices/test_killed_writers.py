"""24 processes pay a thousand orders while one after the other is killed: the numbers are consecutive all the same."""

import os
import subprocess
import sys

import pytest
from django.db import transaction
from django.utils import timezone

from jumun.audit import findings
from jumun.invoices.models import Invoice, Series
from jumun.orders.models import Order
from tests.factories import place_order
from tests.processes import database_url

pytestmark = pytest.mark.long

ORDERS = 1_000
KILLS_MIN = 50


@pytest.mark.django_db(transaction=True)
def test_a_thousand_payments_by_writers_killed_at_random_have_consecutive_numbers() -> None:
    with transaction.atomic():
        for _ in range(ORDERS):
            place_order()
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": database_url()}
    command = [sys.executable, "-m", "tests.invoices.killed_writers", "1"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400)
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) >= KILLS_MIN, "too few were killed to show anything"
    prefix = f"TEST-INV-{timezone.localdate().year}"
    assert sorted(Invoice.objects.values_list("number", flat=True)) == [
        f"{prefix}-{number:06d}" for number in range(1, ORDERS + 1)
    ]
    assert Series.objects.get().last_number == ORDERS
    assert not Order.objects.exclude(state=Order.State.PAID).exists()
    assert list(findings()) == []
