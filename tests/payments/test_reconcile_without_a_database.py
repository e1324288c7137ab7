"""A database that fails proves nothing about Stripe's objects: the comparison fails, and names no difference."""

from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection

from jumun.payments.reconcile.compare import Comparison
from tests.factories import place_order
from tests.payments.stripe_says import session_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("failure", [OperationalError, InterfaceError])
def test_an_error_of_the_database_is_raised(failure: type[Exception]) -> None:
    session = session_of(place_order())

    def fail(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("INSERT"):
            raise failure("the database has gone away")
        return execute(sql, *rest)

    with connection.execute_wrapper(fail), pytest.raises(failure):
        Comparison(repair=False).of(session)
