"""The admin's login: passwords cannot be tried out, strangers can lock nobody out, and the log tells who tried."""

import logging
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from jumun.backoffice import login
from jumun.backoffice.login import COOKIE, LoginForm
from jumun.backoffice.login_throttle import LoginThrottle

pytestmark = pytest.mark.django_db

HOME, STRANGER = "203.0.113.7", "198.51.100.9"
RIGHT = "correct horse"
KO = {"accept-language": "ko"}


@pytest.fixture(autouse=True)
def owner(db: None) -> User:
    return User.objects.create_superuser("owner", password=RIGHT)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``clock(60)``: a minute goes by."""
    now = [timezone.now()]
    monkeypatch.setattr(timezone, "now", lambda: now[0])

    def forward(seconds: float) -> None:
        now[0] += timedelta(seconds=seconds)

    return forward


def log_in(client: Client, password: str, *, username: str = "owner", address: str = HOME, **more: Any) -> Any:
    form = {"username": username, "password": password}
    return client.post("/admin/login/?next=/admin/", form, REMOTE_ADDR=address, **more)


def fail(count: int, *, address: str = STRANGER, username: str = "owner") -> list[int]:
    return [
        log_in(Client(), f"wrong {number}", username=username, address=address).status_code for number in range(count)
    ]


def test_forty_wrong_passwords_in_a_row(clock: Any) -> None:
    assert fail(40) == [200] * 5 + [429] * 35
    answer = log_in(Client(), RIGHT, address=STRANGER)
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert (
        "Too many failed logins. Please try again in 1 minute."
        in log_in(Client(headers={"accept-language": "en"}), RIGHT, address=STRANGER).content.decode()
    )
    assert (
        "로그인에 여러 번 실패했습니다. 1분 뒤에 다시 시도해 주세요."
        in log_in(Client(headers=KO), RIGHT, address=STRANGER).content.decode()
    )


def test_each_further_failure_makes_the_wait_longer_up_to_a_quarter_of_an_hour(clock: Any) -> None:
    fail(5)
    waits = []
    for _ in range(6):
        waits.append(int(log_in(Client(), "wrong", address=STRANGER)["Retry-After"]))
        clock(waits[-1])
        assert fail(1) == [200]
    assert waits == [60, 120, 240, 480, 900, 900]


def test_after_the_wait_the_right_password_lets_in_and_wipes_the_slate_clean(clock: Any) -> None:
    fail(5, address=HOME)
    clock(60)
    assert log_in(Client(), RIGHT).status_code == 302
    assert fail(5, address=HOME) == [200] * 5


def test_what_is_refused_is_not_counted(clock: Any) -> None:
    fail(50)
    clock(60)
    assert log_in(Client(), RIGHT, address=STRANGER).status_code == 302


def test_a_stranger_elsewhere_does_not_lock_out_the_owner(clock: Any) -> None:
    fail(25)
    assert log_in(Client(), RIGHT).status_code == 302


def test_nor_do_many_strangers_for_longer_than_seconds(clock: Any) -> None:
    for number in range(32):
        fail(1, address=f"198.51.100.{number}")
    answer = log_in(Client(), RIGHT)
    assert (answer.status_code, answer["Retry-After"]) == (429, "10")
    clock(10)
    assert log_in(Client(), RIGHT).status_code == 302


def test_a_browser_that_has_logged_in_before_is_never_locked_out_by_others(clock: Any) -> None:
    known = Client()
    assert log_in(known, RIGHT).status_code == 302
    known.post("/admin/logout/")
    fail(6, address=HOME)
    for number in range(26):
        fail(1, address=f"198.51.100.{number}")
    assert log_in(Client(), RIGHT).status_code == 429
    assert log_in(known, RIGHT).status_code == 302


def test_but_it_has_no_more_tries_than_others(clock: Any) -> None:
    known = Client()
    log_in(known, RIGHT)
    known.post("/admin/logout/")
    assert [log_in(known, "wrong").status_code for _ in range(7)] == [200] * 5 + [429] * 2


def test_the_mark_of_a_browser_cannot_be_made_up_and_holds_for_one_name(clock: Any) -> None:
    User.objects.create_superuser("second", password=RIGHT)
    known = Client()
    log_in(known, RIGHT, username="second")
    fail(5, address=HOME)
    assert log_in(known, RIGHT).status_code == 429
    known.cookies[COOKIE] = known.cookies[COOKIE].value[:-1] + "x"
    assert log_in(known, RIGHT).status_code == 429
    mark = Client()
    log_in(mark, RIGHT, address="203.0.113.9")
    assert mark.cookies[COOKIE]["httponly"]
    assert mark.cookies[COOKIE]["samesite"] == "Lax"


def test_many_names_from_one_address_are_stopped_too(clock: Any) -> None:
    statuses = [fail(1, username=f"name{number}")[0] for number in range(30)]
    assert statuses == [200] * 20 + [429] * 10
    assert fail(1, username="other", address=HOME) == [200]


def test_an_account_of_ones_own_does_not_wipe_out_the_others(clock: Any) -> None:
    User.objects.create_superuser("insider", password=RIGHT)
    statuses = []
    for number in range(8):
        statuses += fail(1)
        assert log_in(Client(), RIGHT, username="insider", address=STRANGER).status_code == 302, number
    assert statuses == [200] * 5 + [429] * 3


@pytest.mark.parametrize("spelling", ["OWNER", "Owner ", "ｏｗｎｅｒ", "owner"])
def test_another_spelling_of_the_name_is_the_same_name(clock: Any, spelling: str) -> None:
    fail(5)
    assert fail(1, username=spelling) == [429]


def test_one_customers_ipv6_addresses_are_one(clock: Any) -> None:
    statuses = [fail(1, address=f"2001:db8:1:2::{number}")[0] for number in range(1, 8)]
    assert statuses == [200] * 5 + [429] * 2
    assert fail(1, address="2001:db8:1:3::1") == [200]


def test_behind_a_proxy_the_clients_address_counts(clock: Any, settings: Any) -> None:
    settings.JUMUN = {**settings.JUMUN, "TRUSTED_PROXY_COUNT": 1}

    def through(address: str) -> int:
        return int(log_in(Client(), "wrong", address="10.0.0.1", headers={"x-forwarded-for": address}).status_code)

    assert [through(f"{number}.1.1.1, {STRANGER}") for number in range(7)] == [200] * 5 + [429] * 2
    assert through(HOME) == 200


def test_an_unknown_name_gets_the_same_answer_at_the_same_pace(clock: Any) -> None:
    known, unknown = (log_in(Client(), "wrong", username=name, address=STRANGER) for name in ("owner", "nobody"))
    assert known.context["form"].errors == unknown.context["form"].errors
    assert fail(10) == fail(10, username="nobody")


def test_the_log_tells_who_tried_from_where_and_no_password(caplog: Any, clock: Any) -> None:
    caplog.set_level(logging.INFO, "jumun.login")
    fail(6)
    fail(1, username="hunter2", address=HOME)
    fail(1, username="owner\nlogin: 'owner' from ::1", address=HOME)
    log_in(Client(), RIGHT, address="203.0.113.8")
    told = [record.getMessage() for record in caplog.records if record.name == "jumun.login"]
    assert told == [
        *["login failed: 'owner' from 198.51.100.9"] * 5,
        "login refused, too many failures: 'owner' from 198.51.100.9",
        *["login failed: an unknown name from 203.0.113.7"] * 2,
        "login: 'owner' from 203.0.113.8",
    ]
    assert "wrong" not in caplog.text
    assert "hunter2" not in caplog.text


def test_neither_a_name_nor_an_address_is_stored(clock: Any) -> None:
    fail(3, username="hunter2")
    stored = str(list(LoginThrottle.objects.values()))
    assert "hunter2" not in stored
    assert STRANGER not in stored


def test_what_is_a_day_old_is_deleted(clock: Any) -> None:
    fail(5)
    clock(24 * 3600 + 1)
    assert fail(5, address=HOME) == [200] * 5
    assert LoginThrottle.objects.count() == 3


def test_a_form_without_a_password_is_no_try(clock: Any) -> None:
    assert [log_in(Client(), "", address=STRANGER).status_code for _ in range(9)] == [200] * 9
    assert not LoginThrottle.objects.exists()


def test_a_login_that_was_not_turned_on_stays_djangos() -> None:
    admin.site.login_form = None  # pytest's monkeypatch does not put back what a lazy object had
    try:
        assert fail(9) == [200] * 9
        assert log_in(Client(), RIGHT, address=STRANGER).status_code == 302
    finally:
        admin.site.login_form = LoginForm


def test_without_the_middleware_the_form_throttles_all_the_same(settings: Any, clock: Any) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "login_middleware" not in name]
    fail(5)
    answer = log_in(Client(), RIGHT, address=STRANGER)
    assert answer.status_code == 200
    assert not answer.wsgi_request.user.is_authenticated
    assert admin.site.login_form is LoginForm


@pytest.mark.django_db(transaction=True)
def test_simultaneous_tries_do_not_share_one_count() -> None:
    keys = login._keys(Client().get("/admin/login/", REMOTE_ADDR=STRANGER).wsgi_request, "owner")
    waits = []

    def attempt() -> None:
        waits.append(LoginThrottle.begin(keys))
        connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(not wait for wait in waits) == 5
