"""What a load balancer asks, as it asks: by the machine's IP address, over plain HTTP, without a cookie."""

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import include, path
from pytest_django.fixtures import Settings

PATHS = ["/healthz", "/readyz"]

urlpatterns = [path("shop/", include("jumun.urls"))]


@pytest.mark.django_db
@pytest.mark.parametrize("address", PATHS)
@pytest.mark.parametrize("host", ["10.0.0.7", "10.0.0.7:8000", "[2001:db8::7]", "elsewhere.example", "under_score", ""])
@pytest.mark.parametrize("redirects", [False, True])
def test_a_probe_is_answered_whatever_host_it_names(
    client: Client, settings: Settings, address: str, host: str, redirects: bool
) -> None:
    settings.SECURE_SSL_REDIRECT = redirects
    answer = client.get(address, headers={"Host": host})
    assert (answer.status_code, answer.json()["ok"]) == (200, True)
    assert answer.cookies == {}
    assert client.head(address, headers={"Host": host}).status_code == 200


@pytest.mark.django_db
def test_a_probe_by_ip_learns_that_the_database_is_away(client: Client) -> None:
    client.raise_request_exception = False

    def away(*_: object) -> None:
        raise OperationalError("the server closed the connection unexpectedly")

    with connection.execute_wrapper(away):
        answers = [client.get(address, headers={"Host": "10.0.0.7"}).status_code for address in PATHS]
    assert answers == [200, 503]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/shop/healthz", "/shop/readyz"])
def test_a_probe_is_found_where_the_project_has_put_jumuns_addresses(
    client: Client, settings: Settings, address: str
) -> None:
    settings.ROOT_URLCONF = __name__
    assert client.get(address, headers={"Host": "10.0.0.7"}).status_code == 200
    assert client.get("/healthz", headers={"Host": "10.0.0.7"}).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/orders/healthz", "/admin/readyz", "//healthz", "/healthz/"])
def test_no_other_address_goes_past_the_check_of_the_host(client: Client, address: str) -> None:
    assert client.get(address, headers={"Host": "10.0.0.7"}).status_code == 400


@pytest.mark.parametrize("address", PATHS)
def test_a_probe_only_reads(client: Client, address: str) -> None:
    assert client.post(address, headers={"Host": "10.0.0.7"}).status_code == 405
