from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from jumun.conf import jumun, livemode
from jumun.db.fast import find
from jumun.errors import OrderRefused
from jumun.money import PPM
from jumun.orders import checked
from jumun.orders.customer_and_items import Customer, Item
from jumun.orders.numbers import hashed_token, new_number, new_reference
from jumun.orders.signals import order_canceled, order_paid
from jumun.orders.timeline import Kind, TimelineEntry
from jumun.orders.totals import Amounts, amounts_of, check_total, totals_of
from jumun.tax_ids import LENGTH_MAX

__all__ = ["Order", "OrderLine", "TaxCategory", "TimelineEntry"]


class Order(models.Model):
    """What a customer ordered, at the prices of that moment.

    The lines never change after `place`; the customer can be corrected until the order is paid. Only the methods below
    change the state. Each is a conditional UPDATE: of two simultaneous callers exactly one gets ``True``.
    """

    class State(models.TextChoices):
        PLACED = "placed", _("awaiting payment")
        PAID = "paid", _("paid")
        EXPIRED = "expired", _("expired")
        CANCELED = "cancelled", _("cancelled")

    # Ended without payment.
    CLOSED: ClassVar = (State.EXPIRED, State.CANCELED)

    number = models.CharField(_("order number"), max_length=32, unique=True, default=new_number, editable=False)
    reference = models.CharField(_("reference"), max_length=64, unique=True, default=new_reference, editable=False)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.PLACED, editable=False)
    livemode = models.BooleanField(_("real money"), editable=False)
    language = models.CharField(_("language"), max_length=10)

    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("e-mail"))
    address = models.CharField(_("address"), max_length=300, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    tax_id = models.CharField(_("tax identifier"), max_length=LENGTH_MAX, blank=True)

    currency = models.CharField(_("currency"), max_length=3)
    prices_include_tax = models.BooleanField(_("prices include tax"), default=True)
    total_minor = models.BigIntegerField(_("total"))
    tax_minor = models.BigIntegerField(_("included tax"))
    # In three-decimal currencies it makes the last digit of the total 0. Part of the total, not of net or tax.
    rounding_minor = models.BigIntegerField(_("rounding"), default=0)

    placed_at = models.DateTimeField(_("placed at"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires at"))
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    # One form places one order, however often it is sent. Stored as SHA-256, with which nobody can send the form again.
    form_token = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-id"]
        # A file of all customers' data is a greater right than looking at an order.
        permissions = [("export_order", "Can export orders"), ("cancel_order", "Can cancel unpaid orders")]
        constraints = [
            models.CheckConstraint(condition=Q(total_minor__gt=0), name="jumun_order_total_positive"),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(email="") & ~Q(country=""), name="jumun_order_customer_named"
            ),
            models.CheckConstraint(
                condition=Q(tax_minor__gte=0) & Q(tax_minor__lte=F("total_minor") - F("rounding_minor")),
                name="jumun_order_tax_within_total",
            ),
            models.CheckConstraint(
                condition=Q(rounding_minor__gte=-4, rounding_minor__lte=5), name="jumun_order_rounding"
            ),
            models.CheckConstraint(
                condition=Q(state="paid", paid_at__isnull=False) | (~Q(state="paid") & Q(paid_at__isnull=True)),
                name="jumun_order_paid_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="placed"), name="jumun_order_overdue"),
            # The lists of the backoffice: newest first, all or those with one value.
            models.Index(fields=["-placed_at", "-id"], name="jumun_order_newest"),
            models.Index(fields=["state", "-placed_at", "-id"], name="jumun_order_state"),
            models.Index(fields=["country", "-placed_at", "-id"], name="jumun_order_country"),
            models.Index(fields=["currency", "-placed_at", "-id"], name="jumun_order_currency"),
            models.Index(fields=["livemode", "-placed_at", "-id"], name="jumun_order_livemode"),
            models.Index(fields=["email"], name="jumun_order_email"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_customer_url(self) -> str:
        """The customer's page. Whoever knows this address can see the order and act as the customer.

        Not `get_absolute_url`: Django's admin would redirect all staff to it, without a permission.
        """
        return reverse("jumun:order", args=[self.reference])

    @property
    def has_address(self) -> bool:
        """Whether there is a delivery address; a ticket, for example, needs none."""
        return bool(self.address or self.postal_code or self.city)

    @classmethod
    def place(
        cls,
        *,
        lines: Iterable[Item],
        customer: Customer,
        currency: str | None = None,
        prices_include_tax: bool = True,
        discount_minor: int = 0,
        language: str | None = None,
        form_token: str | None = None,
        expires_in_s: int | None = None,
    ) -> Self:
        """Store the order with its lines and return it. Currency and language default to the shop's currency and the
        active language, ``expires_in_s`` (how long its goods are held) to ``ORDER_EXPIRES_S``.

        ``discount_minor`` is taken off the whole order, before tax if the prices do not include tax. Every value is
        checked first, so that every database accepts the same. Raises `OrderRefused`, whose ``field`` names the wrong
        value (also `EmptyOrder`, `TooManyLines`, `AmountTooSmall` and `AmountTooLarge`), and `IntegrityError` if
        ``form_token`` has already placed an order.
        """
        currency = checked.checked_currency(currency or jumun().currency)
        language = checked.checked_language(language or translation.get_language() or "en", cls)
        form_token = hashed_token(checked.checked_form_token(form_token, cls))
        prices_include_tax = checked.checked_bool("prices_include_tax", prices_include_tax)
        discount_minor = checked.checked_discount(discount_minor)
        customer = checked.checked_customer(customer, cls)
        lines = checked.checked_lines(lines, customer, OrderLine)
        amounts = amounts_of(lines, currency, prices_include_tax=prices_include_tax, discount_minor=discount_minor)
        totals = totals_of(amounts, currency)
        check_total(totals.total_minor, currency)
        now = timezone.now()
        with transaction.atomic():
            order = cls.objects.create(
                state=cls.State.PLACED,
                livemode=livemode(),
                language=language,
                **asdict(customer),
                currency=currency,
                prices_include_tax=prices_include_tax,
                total_minor=totals.total_minor,
                tax_minor=totals.tax_minor,
                rounding_minor=totals.rounding_minor,
                placed_at=now,
                expires_at=now + timedelta(seconds=expires_in_s or jumun().order_expires_s),
                form_token=form_token,
            )
            OrderLine.objects.bulk_create(
                OrderLine.snapshot(order, position, item, line)
                for position, (item, line) in enumerate(zip(lines, amounts, strict=True), start=1)
            )
            order.record(Kind.PLACED, amount_minor=totals.total_minor)
        return order

    @classmethod
    def locked(cls, reference: str) -> Self | None:
        """The order, locked against changes of itself and of what belongs to it, until the transaction ends.

        The lock does not keep out rows that only refer to the order, such as a line of its timeline. Otherwise a
        transaction that has locked another row and then adds a timeline entry would wait for us, while we wait for its
        row.
        """
        # Beside the ORM, as `Payment.locked`, `Payment.save_learnt` and `payments.webhooks.process`: together they save
        # a sixth of the worker's processor time for an event (row paid-cpu of the bench).
        return find(cls, reference=reference, locked=True)

    @classmethod
    def of_form(cls, form_token: str) -> Self | None:
        """The order that the form has placed, if any."""
        return cls.objects.filter(form_token=hashed_token(form_token)).first() if form_token else None

    def is_of_form(self, form_token: str) -> bool:
        """Whether the form with this token placed the order."""
        return self.form_token is not None and self.form_token == hashed_token(form_token)

    @property
    def is_payable(self) -> bool:
        """Whether a payment may be started. A test order is never paid with real money."""
        return self.state == self.State.PLACED and self.livemode == livemode()

    @property
    def is_overdue(self) -> bool:
        """Whether it is unpaid and its time for payment is over."""
        return self.state == self.State.PLACED and self.expires_at <= timezone.now()

    @property
    def net_minor(self) -> int:
        return self.total_minor - self.rounding_minor - self.tax_minor

    @property
    def discount_minor(self) -> int:
        """The sum of all discounts; it includes tax if the prices do."""
        return sum(line.discount_minor for line in self.lines.all())

    def record(self, kind: Kind, **details: Any) -> None:
        """Add an entry to the order's timeline, in the transaction that makes it true.

        `jumun.actor` knows who acts. ``details`` are small JSON values for the sentence that staff read (see
        `jumun.backoffice.timeline`): amounts as ``amount_minor`` (with ``currency`` if it is not the order's), Stripe's
        objects by their ids.
        """
        TimelineEntry.append(self, kind, details)

    def mark_paid(self, *, at: datetime) -> bool:
        """placed -> paid. ``False`` if the order is not placed any more. Raises what `revive` raises."""
        return self._pay(at, (self.State.PLACED,))

    def revive(self, *, at: datetime) -> bool:
        """expired or canceled -> paid, when money arrives late. ``closed_at`` stays.

        Raises `OrderRefused` if a receiver of `order_paid` can no longer supply the order; then nothing has changed.
        """
        return self._pay(at, self.CLOSED)

    def correct(self, customer: Customer) -> bool:
        """Change the customer of an unpaid order. ``False`` once it is paid or closed.

        Raises what `place` raises.
        """
        customer = checked.checked_customer(customer, Order)
        if self.tax_id and not customer.tax_id and self.lines.filter(tax_category=TaxCategory.REVERSE_CHARGE).exists():
            raise OrderRefused("needed for the reverse charge of this order", field="tax_id")
        placed = Order.objects.filter(pk=self.pk, state=self.State.PLACED)
        values = asdict(customer)
        with transaction.atomic():
            if not placed.update(**values):
                self.refresh_from_db()
                return False
            self.record(Kind.CORRECTED)
        for name, value in values.items():
            setattr(self, name, value)
        return True

    @property
    def customer(self) -> Customer:
        return Customer(**{item.name: getattr(self, item.name) for item in fields(Customer)})

    def cancel(self) -> bool:
        """placed -> canceled; sends `order_canceled`. Expire an open checkout at Stripe first."""
        return self._close(self.State.CANCELED, Kind.CANCELED)

    def expire(self) -> bool:
        """placed -> expired; sends `order_canceled`. Expire an open checkout at Stripe first."""
        return self._close(self.State.EXPIRED, Kind.EXPIRED)

    def extend_hold(self, moment: datetime) -> None:
        """Keep an unpaid order's goods reserved until ``moment``; an earlier moment changes nothing."""
        if moment <= self.expires_at:
            return
        Order.objects.filter(pk=self.pk, state=self.State.PLACED, expires_at__lt=moment).update(expires_at=moment)
        self.refresh_from_db(fields=["expires_at"])

    def _pay(self, at: datetime, before: tuple[State, ...]) -> bool:
        try:
            with transaction.atomic():
                if not self._move(self.State.PAID, before, paid_at=at):
                    return False
                self.record(Kind.PAID, amount_minor=self.total_minor)
                order_paid.send(type(self), order=self)
        except OrderRefused:
            self.refresh_from_db(fields=["state", "paid_at"])
            raise
        return True

    def _close(self, state: State, kind: Kind) -> bool:
        with transaction.atomic():
            if not self._move(state, (self.State.PLACED,), closed_at=timezone.now()):
                return False
            self.record(kind)
            order_canceled.send(type(self), order=self)
        return True

    def _move(self, state: State, before: tuple[State, ...], **values: datetime) -> bool:
        if not Order.objects.filter(pk=self.pk, state__in=before).update(state=state, **values):
            self.refresh_from_db(fields=["state", "paid_at", "closed_at"])
            return False
        self.state = state
        for name, value in values.items():
            setattr(self, name, value)
        return True


class TaxCategory(models.TextChoices):
    """UNCL5305 as EN 16931 uses it."""

    STANDARD = "S", _("taxed")
    ZERO_RATED = "Z", _("zero-rated")
    EXEMPT = "E", _("exempt from tax")
    REVERSE_CHARGE = "AE", _("reverse charge")


PRICE = F("unit_price_minor") * F("quantity") - F("discount_minor")


class OrderLine(models.Model):
    """One article of an order, with its name, price and tax when it was ordered.

    The total includes tax. The unit price and the discount (on the whole line) include it if the order's prices do.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField(_("position"))
    sku = models.CharField(_("article number"), max_length=64)
    name = models.CharField(_("article"), max_length=200)
    unit_price_minor = models.BigIntegerField(_("unit price"))
    quantity = models.PositiveIntegerField(_("quantity"))
    discount_minor = models.BigIntegerField(_("discount"), default=0)
    tax_rate_ppm = models.PositiveIntegerField(_("tax rate (ppm)"))
    tax_category = models.CharField(_("tax category"), max_length=2, choices=TaxCategory)
    tax_minor = models.BigIntegerField(_("included tax"))
    total_minor = models.BigIntegerField(_("line total"))

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["order", "position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="jumun_order_line_position"),
            models.CheckConstraint(condition=~Q(sku="") & ~Q(name=""), name="jumun_order_line_named"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="jumun_order_line_quantity"),
            models.CheckConstraint(condition=Q(tax_rate_ppm__lte=PPM), name="jumun_order_line_tax_rate"),
            models.CheckConstraint(condition=Q(discount_minor__gte=0), name="jumun_order_line_discount"),
            models.CheckConstraint(
                condition=Q(total_minor=PRICE) | Q(total_minor=PRICE + F("tax_minor")),
                name="jumun_order_line_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(tax_category="S", tax_rate_ppm__gt=0)
                | Q(tax_category__in=["Z", "E", "AE"], tax_rate_ppm=0),
                name="jumun_order_line_tax_category",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"

    @classmethod
    def snapshot(cls, order: Order, position: int, item: Item, amounts: Amounts) -> Self:
        return cls(
            order=order,
            position=position,
            sku=item.sku,
            name=item.name,
            unit_price_minor=item.unit_price_minor,
            quantity=item.quantity,
            tax_rate_ppm=item.tax_rate_ppm,
            tax_category=item.tax_category or ("S" if item.tax_rate_ppm else "Z"),
            discount_minor=amounts.discount_minor,
            tax_minor=amounts.tax_minor,
            total_minor=amounts.total_minor,
        )
