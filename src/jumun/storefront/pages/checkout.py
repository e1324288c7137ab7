import logging
import math

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from jumun.conf import jumun
from jumun.countries import likely_country
from jumun.errors import OrderRefused, OutOfStock, SummaryChanged, TooManyUnpaidOrders
from jumun.orders.models import Order
from jumun.payments.pages import SESSION_ORDER
from jumun.storefront import human_check
from jumun.storefront.cart import Cart
from jumun.storefront.forms import CheckoutForm
from jumun.storefront.pages.cart import remove_unsold, waiting_order
from jumun.storefront.place_order import place_order
from jumun.storefront.summary import Summary, read_signed
from jumun.storefront.unpaid_order_limit import Origins

logger = logging.getLogger("jumun.storefront")

# What the visitor has typed: it survives a visit to the cart and a change of language.
SESSION_DRAFT = "jumun_checkout"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponseBase:
    """Take name and address, then place one order for the cart, however often the form is sent.

    The form sends back, signed, what it showed. If a price, name, tax or quantity has changed since, nothing is ordered
    and the page shows the changes.
    """
    cart = Cart(request.session)
    token, shown = read_signed(request.POST.get("form_token", ""))
    if request.method == "POST" and (order := Order.of_form(token)):
        return _order_again(request, cart, order)
    remove_unsold(request, cart)
    if not cart.lines:
        return redirect("jumun:cart")
    if request.method != "POST":
        return _page(request, cart, CheckoutForm(initial=_initial(request)))
    return _order(request, cart, token, shown)


def _order(request: HttpRequest, cart: Cart, token: str, shown: Summary | None) -> HttpResponseBase:
    form = CheckoutForm(request.POST)
    request.session[SESSION_DRAFT] = {name: request.POST.get(name, "")[:400] for name in form.fields}
    if not form.is_valid():
        return _page(request, cart, form, shown=shown, status=422)
    if token != cart.token:
        return _page(request, cart, form, shown=shown, changed=True, status=409)
    if not human_check.allows(request):
        return _page(request, cart, form, guarded=True, status=403)
    try:
        order = place_order(cart, customer=form.customer(), shown=shown, origins=Origins.of(request))
    except SummaryChanged:
        return _page(request, cart, form, shown=shown, changed=True, status=409)
    except TooManyUnpaidOrders as refusal:
        response = _page(request, cart, form, limited=refusal, status=429)
        response["Retry-After"] = str(refusal.retry_after_s)
        return response
    except OutOfStock:
        return _page(request, Cart(request.session), form, shown=shown, status=409)
    except OrderRefused as refusal:
        if cart.refusal is None:
            # A product that was written past the admin's form.
            logger.error("a cart cannot be ordered: %s", refusal)
            messages.warning(
                request, gettext("One of these items cannot be ordered at the moment. Please write to us.")
            )
        return _page(request, cart, form, status=422)
    return _to_payment(request, cart, order)


def _order_again(request: HttpRequest, cart: Cart, order: Order) -> HttpResponseBase:
    """A form whose order exists already: apply its corrections to that order."""
    form = CheckoutForm(request.POST)
    if not form.is_valid():
        return _page(request, cart, form, order=order, status=422)
    customer = form.customer()
    if customer != order.customer and not order.correct(customer):
        messages.warning(
            request, gettext("This order can no longer be changed, so it keeps the details that it was placed with.")
        )
    return _to_payment(request, cart, order)


def _to_payment(request: HttpRequest, cart: Cart, order: Order) -> HttpResponseBase:
    if order.is_of_form(cart.token):
        cart.close()
    request.session.pop(SESSION_DRAFT, None)
    request.session[SESSION_ORDER] = order.reference
    response = redirect("jumun:payment-process")
    response.status_code = 303
    return response


def _initial(request: HttpRequest) -> dict[str, str]:
    likely = likely_country(request.headers.get("Accept-Language", ""), default=jumun().seller.country)
    draft: dict[str, str] = request.session.get(SESSION_DRAFT, {})
    return {"country": likely, **draft}


def _page(
    request: HttpRequest,
    cart: Cart,
    form: CheckoutForm,
    *,
    order: Order | None = None,
    shown: Summary | None = None,
    changed: bool = False,
    limited: TooManyUnpaidOrders | None = None,
    guarded: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The checkout page. ``shown`` is what the sent form showed; ``changed``, ``limited`` and ``guarded`` say why
    nothing was ordered.
    """
    changes = list(shown.changes_to(cart.summary)) if shown and not order else []
    context = {
        "cart": cart,
        "form": form,
        "order": order,
        "form_token": request.POST["form_token"] if order else cart.form_token,
        "refusal": None if order else cart.refusal,
        "changed": changed or bool(changes),
        "changes": changes,
        "limited": limited,
        "limited_minutes": math.ceil(limited.retry_after_s / 60) if limited else 0,
        "guarded": guarded,
        "waiting": waiting_order(request) if limited else None,
    }
    return render(request, "jumun/storefront/checkout.html", context, status=status)
