"""The page on which staff give a payment back."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from jumun.backoffice.refund_form import RefundForm
from jumun.backoffice.site_page import page_context, to_page
from jumun.errors import (
    BooksOutdated,
    MalformedSnapshot,
    NotRefundable,
    PaymentDisputed,
    RefundExceedsOrdered,
    RefundExceedsPaid,
    StripeRefused,
    StripeUnavailable,
)
from jumun.payments.models import Payment, Refund
from jumun.payments.refunds.refund import refund
from jumun.payments.stripe import gateway
from jumun.templatetags.jumun import money

PERMISSIONS = ("jumun_payments.view_payment", "jumun_payments.refund_payment")

DISPUTED = _(
    "The customer's bank disputes this payment and has taken the money back, so Stripe refunds it no more. "
    "Answer the dispute at Stripe, or accept it."
)


# What is to be asked of Stripe is committed first.
@transaction.non_atomic_requests
@require_http_methods(["GET", "HEAD", "POST"])
def refund_page(request: HttpRequest, pk: int, *, model_admin: Any) -> HttpResponseBase:
    """A form with what is left of the payment, or with ``?amount_minor=`` of it; sent, it refunds and leads back."""
    if request.user.is_anonymous or not request.user.has_perms(PERMISSIONS):
        raise PermissionDenied
    payment = get_object_or_404(Payment.objects.select_related("order"), pk=pk)
    form = RefundForm(payment, request.POST if request.method == "POST" else None, amount_minor=_proposed(request))
    if form.is_valid() and _refund(request, payment, form, by=request.user):
        return to_page(model_admin, "jumun_orders_order_change", payment.order.pk)
    return _page(request, payment, form, model_admin)


def _proposed(request: HttpRequest) -> int | None:
    """The amount that the page which led here proposes."""
    text = request.GET.get("amount_minor", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _refund(request: HttpRequest, payment: Payment, form: RefundForm, *, by: AbstractBaseUser) -> bool:
    """Whether there is nothing more to be done on this form; what happened is told either way."""
    values = form.cleaned_data
    try:
        with gateway.for_somebody_waiting():
            made = refund(
                payment,
                amount_minor=values["amount"],
                lines=values["lines"],
                restock=values["restock"],
                reason=values["reason"],
                by=by,
                key=str(values["key"]),
            )
    except RefundExceedsOrdered as error:
        form.add_error(
            None,
            _("Of %(item)s, %(count)d can still be refunded.") % {"item": error.name, "count": error.left_quantity},
        )
    except RefundExceedsPaid as error:
        left = money(error.refundable_minor, payment.currency)
        form.add_error("amount", _("Only %(amount)s of this payment is left to refund.") % {"amount": left})
    except PaymentDisputed:
        form.add_error(None, DISPUTED)
    except BooksOutdated:
        form.add_error(
            None,
            _(
                "A backup was restored, and Stripe has not been asked yet what has been refunded since. "
                "Please try again in a few minutes."
            ),
        )
    except NotRefundable as error:
        form.add_error(None, _("This cannot be refunded: %(why)s") % {"why": error})
    except StripeRefused as error:
        form.add_error(None, _("Stripe refuses: %(why)s") % {"why": error})
    except (StripeUnavailable, MalformedSnapshot):
        messages.warning(
            request,
            _(
                "Stripe did not answer, so it is not known yet whether the money went back. "
                "We keep asking; do not refund again."
            ),
        )
        return True
    else:
        _tell(request, made)
        return True
    return False


def _tell(request: HttpRequest, made: Refund) -> None:
    amount = money(made.amount_minor, made.currency)
    if made.status == Refund.Status.SUCCEEDED:
        messages.success(request, _("%(amount)s is refunded.") % {"amount": amount})
    else:
        said = _("Refund of %(amount)s: %(status)s.")
        messages.warning(request, said % {"amount": amount, "status": made.get_status_display()})


def _page(request: HttpRequest, payment: Payment, form: RefundForm, model_admin: Any) -> HttpResponse:
    context: dict[str, Any] = {
        **page_context(model_admin, request, _("Refund")),
        "payment": payment,
        "order": payment.order,
        "refundable_minor": payment.refundable_minor,
        "why_not": DISPUTED if payment.is_blocked_by_dispute else "",
        "form": form,
    }
    status = 400 if form.errors else 200
    return TemplateResponse(request, "jumun/backoffice/refund.html", context, status=status)
