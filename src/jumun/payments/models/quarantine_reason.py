from django.db import models
from django.utils.translation import gettext_lazy as _


class QuarantineReason(models.TextChoices):
    """Why a snapshot is held for staff, or a payment was rejected."""

    UNKNOWN_ORDER = "unknown_order", _("no such order")
    AMOUNT = "amount", _("another amount")
    CURRENCY = "currency", _("another currency")
    LIVEMODE = "livemode", _("test and live mixed up")
    SECOND_PAYMENT = "second_payment", _("a second payment of one order")
    PAID_AFTER_CLOSE = "paid_after_close", _("paid after the order was closed")
    NO_PAYMENT = "no_payment", _("complete, but no money was taken")
    FOREIGN_PAYMENT = "foreign_payment", _("the payment belongs to another order")
    UNKNOWN_PAYMENT = "unknown_payment", _("a refund of a payment that is not known here")
    UNKNOWN_STATUS = "unknown_status", _("a status that we do not know")
    MALFORMED = "malformed", _("an object of another shape")
    REFUND_FAILED = "refund_failed", _("a refund failed: the money has not reached the customer")
    PAYOUT_FAILED = "payout_failed", _("the bank returned a payout")
    FRAUD_WARNING = "fraud_warning", _("the card's issuer reports fraud")
