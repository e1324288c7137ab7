"""Who gets what from every address of the site, those that Django's admin adds included.

The rules below are the whole truth: an address without a rule fails the test, and so does a rule without an address.
"""

from typing import Any, NamedTuple

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.test import Client

from jumun.invoices.models import IssuedDocument
from jumun.orders.models import Order
from jumun.payments.models import Payment
from jumun.storefront.models import Category, Product
from tests.addresses import Address, every_address
from tests.backoffice.everything import everything, permission, rows

pytestmark = pytest.mark.django_db

METHODS = ("get", "post", "head", "options", "put", "patch", "delete")
NOBODY = "nobody"


class Rule(NamedTuple):
    """Which permissions open an address (``view`` stands for that of the model), and what it then answers to GET."""

    needed: tuple[str, ...]
    status: int = 200


# By the end of the name of a model's page.
OF_EVERY_MODEL = {
    "changelist": Rule(("view",)),
    "change": Rule(("view",)),
    "history": Rule(("view",)),
    "<path:object_id>/": Rule((), 302),  # to the page of the row, which asks for the permission
}
READ_ONLY = {"add": Rule((NOBODY,)), "delete": Rule((NOBODY,))}
EDITABLE = {"add": Rule(("add",)), "delete": Rule(("delete",))}
PAPERS = {"pdf": Rule(("view",)), "xml": Rule(("view",))}
OF_MODEL = {
    "order": {
        "export": Rule(("view", "jumun_orders.export_order")),
        # A paid order: the page leads back.
        "cancel": Rule(("view", "jumun_orders.cancel_order"), 302),
    },
    "payment": {"refund": Rule(("view", "jumun_payments.refund_payment"))},
    "dispute": {"credit": Rule(("view", "jumun_payments.credit_dispute"))},
    "quarantinedsnapshot": {"resolve": Rule((), 405)},
    # Which period is missing.
    "invoice": {**PAPERS, "zip": Rule(("view", "jumun_invoices.export_invoice"), 400)},
    "creditnote": PAPERS,
    "cancellation": PAPERS,
    # Django lets only those add users who may change them: the form tells which names are taken.
    "user": {"add": Rule(("add", "change")), "password_change": Rule(("change",))},
}
# What any member of staff gets of the admin site's own pages.
OF_SITE = {
    "admin:index": 200,
    "admin:login": 302,
    "admin:logout": 405,
    "admin:password_change": 200,
    "admin:password_change_done": 200,
    "admin:autocomplete": 403,
    "admin:jsi18n": 200,
    "admin:view_on_site": 404,
    "admin:app_list": 404,
    "admin:admin/(?P<url>.*)$": 404,
}
# What everybody gets, staff or not: by the reference, which nobody can guess, or because the shop is open to all.
OF_STORE = {
    "jumun:healthz": 200,
    "jumun:readyz": 200,
    "jumun:order": 200,
    "jumun:invoice": 200,
    "jumun:einvoice": 200,
    "jumun:credit-note": 200,
    "jumun:credit-note-xml": 200,
    "jumun:payment-process": 302,
    "jumun:payment-completed": 404,
    "jumun:payment-canceled": 302,  # paid already
    "jumun:payment-webhooks": 405,
    "jumun:payment/webhooks": 405,
    "jumun:^payments?/webhooks?/?$": 404,
    "jumun:catalogue": 200,
    "jumun:category": 200,
    "jumun:product": 200,
    "jumun:cart": 200,
    "jumun:cart-add": 405,
    "jumun:cart-change": 405,
    "jumun:cart-remove": 405,
    "jumun:checkout": 302,
    "set_language": 302,
}


class Site:
    """The rows that the addresses name, and the rule of each address."""

    def __init__(self) -> None:
        self.order = everything()
        self.rows = rows()
        self.addresses = list(every_address())
        self.models = {
            f"admin/{model._meta.app_label}/{model._meta.model_name}/": model for model in admin.site._registry
        }

    def model_of(self, address: Address) -> type[Model] | None:
        return next((model for prefix, model in self.models.items() if address.route.startswith(prefix)), None)

    def rule(self, address: Address) -> Rule:
        """Of a page of a model."""
        model = self.model_of(address)
        rules = self.rules_of(model)
        end = address.name.removeprefix(f"admin:{model._meta.app_label}_{model._meta.model_name}_")
        return rules["<path:object_id>/" if end.endswith("/<path:object_id>/") else end]

    @staticmethod
    def rules_of(model: type[Model]) -> dict[str, Rule]:
        name = str(model._meta.model_name)
        own = EDITABLE if model in {Category, Product} or model._meta.app_label == "auth" else READ_ONLY
        return {**OF_EVERY_MODEL, **own, **OF_MODEL.get(name, {})}

    def path(self, address: Address) -> str:
        row = self.rows.get(self.model_of(address))
        pk = row.pk if row else 1
        if self.model_of(address) is Payment:
            pk = self.order.payments.get(settles_order=True).pk
        note = self.order.invoice.credit_notes.get()
        arguments = {
            "content_type_id": ContentType.objects.get_for_model(Order).pk,
            "app_label": "jumun_orders",
            "url": "nowhere",
            "object_id": pk,
            "pk": pk,
            "id": pk,
            "reference": self.order.reference,
            "number": note.number,
            "slug": Product.objects.get().slug if "products" in address.route else "tea",
        }
        return address.path(**arguments)

    def methods(self, address: Address) -> tuple[str, ...]:
        """Every one for the site's own pages and two models, and two where a model has a page of its own. The other
        pages are Django's, the same for every model.
        """
        model = self.model_of(address)
        if model in {None, Order, Product}:
            return METHODS
        is_djangos = self.rule(address) in {*OF_EVERY_MODEL.values(), *READ_ONLY.values(), *EDITABLE.values()}
        return METHODS[:1] if is_djangos else METHODS[:2]

    def of_models(self) -> list[Address]:
        return [address for address in self.addresses if self.model_of(address)]

    def of_admin(self) -> list[Address]:
        return [address for address in self.addresses if address.name.startswith("admin:")]


@pytest.fixture
def site(db: None, monkeypatch: pytest.MonkeyPatch) -> Site:
    # What is in a paper, others test; to make one takes longer than all the rest.
    monkeypatch.setattr(IssuedDocument, "pdf", lambda _self: b"%PDF")
    return Site()


def test_every_address_has_a_rule_and_every_rule_an_address(site: Site) -> None:
    others = {address.name for address in site.addresses if not site.model_of(address)}
    assert others == {*OF_SITE, *OF_STORE}
    used = {(site.model_of(address), site.rule(address)) for address in site.of_models()}
    stated = {(model, rule) for model in admin.site._registry for rule in site.rules_of(model).values()}
    assert used == stated


def test_a_stranger_and_a_customer_are_sent_to_the_login_from_every_page_of_staff(site: Site) -> None:
    customer = Client()
    customer.force_login(User.objects.create_user("customer"))
    for client in (Client(), customer):
        for address in site.of_admin():
            for method in site.methods(address):
                answer = getattr(client, method)(site.path(address))
                if address.name == "admin:login":
                    assert answer.status_code in {200, 405}
                    continue
                assert answer.status_code == 302, (address, method)
                assert answer.headers["Location"].startswith(("/admin/login/?next=/admin/", "/admin/")), address
                assert answer.content == b""


def test_what_the_store_shows_does_not_depend_on_who_asks(site: Site, staff: Any, stripe: Any) -> None:
    buyer = Client()
    session = buyer.session
    session["jumun_order"] = site.order.reference
    session.save()
    for client in (Client(), staff(), staff(is_superuser=True)):
        for address in site.addresses:
            if address.name in OF_STORE:
                answer = client.get(site.path(address), {"order": site.order.reference})
                assert answer.status_code == OF_STORE[address.name], address


def test_nothing_of_an_order_without_its_reference(site: Site, staff: Any) -> None:
    guesses = ["A" * 22, site.order.reference[:-1], site.order.reference.swapcase(), site.order.number]
    for client in (Client(), staff(is_superuser=True)):
        for address in site.addresses:
            if "<slug:reference>" not in address.route:
                continue
            for guess in guesses:
                path = site.path(address).replace(site.order.reference, guess)
                assert client.get(path).status_code == 404, path


def test_staff_without_permissions_get_the_sites_own_pages_alone(site: Site, staff: Any) -> None:
    client = staff()
    for address in site.of_admin():
        path = site.path(address)
        if not site.model_of(address):
            assert client.get(path).status_code == OF_SITE[address.name], address
            continue
        rule = site.rule(address)
        expected = {403} if rule.needed else {rule.status, 403}
        for method in site.methods(address):
            answer = getattr(client, method)(path, follow=False)
            assert answer.status_code in {*expected, 405}, (address, method)
        assert client.get(path).status_code in expected, address


@pytest.mark.parametrize("action", ["view", "change", "add", "delete"])
def test_one_permission_opens_the_pages_of_its_model_and_no_other(site: Site, staff: Any, action: str) -> None:
    models = list(admin.site._registry)
    for number, model in enumerate(models):
        if action != "view" and site.rules_of(model).keys() == {*OF_EVERY_MODEL, *READ_ONLY}:
            continue  # nothing of its own
        held = permission(action, model)
        client = staff(held)
        other = models[number - 1]
        for address in site.of_models():
            if site.model_of(address) not in {model, other}:
                continue
            needed = {
                permission(name, site.model_of(address)) if name.isalpha() else name
                for name in site.rule(address).needed
            }
            # Whoever may change a row may see it, as everywhere in Django.
            is_open = needed <= {held, held.replace(".change_", ".view_")}
            if site.model_of(address) is other and (is_open or action != "view"):
                continue
            status = client.get(site.path(address)).status_code
            assert status == (site.rule(address).status if is_open else 403), (address, held)


def test_a_superuser_gets_everything_but_what_nobody_may(site: Site, staff: Any) -> None:
    client = staff(is_superuser=True)
    for address in site.of_models():
        rule = site.rule(address)
        assert client.get(site.path(address)).status_code == (403 if NOBODY in rule.needed else rule.status), address
