"""The cart's page and its three changes. A change answers a browser with a redirect, and htmx with the changed part."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from jumun.errors import TooManyLines
from jumun.orders.customer_and_items import LINES_MAX
from jumun.orders.models import Order
from jumun.payments.pages import SESSION_ORDER
from jumun.storefront.cart import Cart
from jumun.storefront.forms import QuantityForm, StepForm
from jumun.storefront.models import Product


@never_cache
@require_safe
def cart(request: HttpRequest) -> HttpResponse:
    found = Cart(request.session)
    remove_unsold(request, found)
    return render(request, "jumun/storefront/cart.html", {"cart": found, "waiting": waiting_order(request)})


@require_POST
def add(request: HttpRequest) -> HttpResponseBase:
    """Add an article (``sku``, ``quantity``). One that is no longer sold is a 404; htmx gets a message instead."""
    product = _product(request)
    found = Cart(request.session)
    quantity = _quantity(request) if product else None
    if product and quantity:
        _set_quantity(request, found, product, found.quantity_of(product.sku) + quantity, added=True)
    if "HX-Request" in request.headers:
        if product is None:
            messages.warning(request, gettext("This item is no longer sold."))
        return render(request, "jumun/storefront/_added.html", {"cart": found})
    if product is None:
        raise Http404
    return _see_other("jumun:cart" if quantity is not None else product)


@require_POST
def change(request: HttpRequest) -> HttpResponseBase:
    """Set the quantity of an article (``sku``, ``quantity``), or change it by ``step``; 0 removes the article."""
    product = _product(request)
    found = Cart(request.session)
    if product:
        held = found.quantity_of(product.sku)
        wanted = _stepped(request, held) if "step" in request.POST else _quantity(request)
        if wanted is not None:
            _set_quantity(request, found, product, wanted, added=False)
    elif "HX-Request" not in request.headers and not found.quantity_of(_sku(request)):
        raise Http404
    return _changed(request, found)


@require_POST
def remove(request: HttpRequest) -> HttpResponseBase:
    """Remove an article (``sku``)."""
    found = Cart(request.session)
    found.remove(request.POST.get("sku", ""))
    return _changed(request, found)


def remove_unsold(request: HttpRequest, cart: Cart) -> None:
    """Remove articles that are no longer sold, with a message."""
    if count := cart.drop_vanished():
        messages.warning(
            request,
            ngettext(
                "One item in your cart is no longer sold and was taken out.",
                "%(count)s items in your cart are no longer sold and were taken out.",
                count,
            )
            % {"count": count},
        )


def waiting_order(request: HttpRequest) -> Order | None:
    """The visitor's latest order while it is unpaid: a visitor who leaves the payment page finds an empty cart."""
    reference = request.session.get(SESSION_ORDER)
    return Order.objects.filter(reference=reference, state=Order.State.PLACED).first() if reference else None


def _set_quantity(request: HttpRequest, cart: Cart, product: Product, wanted: int, *, added: bool) -> None:
    try:
        held = cart.change(product, wanted)
    except TooManyLines:
        messages.error(request, gettext("A cart holds at most %(count)s different items.") % {"count": LINES_MAX})
        return
    if held < wanted:
        messages.warning(request, _limited_text(product, held))
    elif added:
        messages.success(request, gettext("In your cart: %(name)s") % {"name": product.name})


def _limited_text(product: Product, held: int) -> str:
    if not held:
        return gettext("%(name)s is sold out.") % {"name": product.name}
    return ngettext(
        "%(name)s: only %(count)s can be ordered now; your cart holds that one.",
        "%(name)s: only %(count)s can be ordered now; your cart holds them all.",
        held,
    ) % {"name": product.name, "count": held}


def _product(request: HttpRequest) -> Product | None:
    return Product.objects.on_sale().filter(sku=_sku(request)).first()


def _sku(request: HttpRequest) -> str:
    return request.POST.get("sku", "").replace("\0", "")


def _stepped(request: HttpRequest, held: int) -> int | None:
    """The quantity after the step; ``None`` after a message about an invalid step."""
    form = StepForm(request.POST)
    if form.is_valid():
        return max(held + int(form.cleaned_data["step"]), 0)
    messages.error(request, str(form.errors["step"][0]))
    return None


def _quantity(request: HttpRequest) -> int | None:
    """The requested quantity; ``None`` after a message about an invalid one."""
    form = QuantityForm(request.POST)
    if form.is_valid():
        quantity: int = form.cleaned_data["quantity"]
        return quantity
    messages.error(request, str(form.errors["quantity"][0]))
    return None


def _changed(request: HttpRequest, cart: Cart) -> HttpResponseBase:
    if "HX-Request" in request.headers:
        remove_unsold(request, cart)
        return render(request, "jumun/storefront/_cart_changed.html", {"cart": cart})
    return _see_other("jumun:cart")


def _see_other(to: str | Product) -> HttpResponseBase:
    response = redirect(to)
    response.status_code = 303
    return response
