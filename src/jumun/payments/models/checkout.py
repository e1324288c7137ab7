from typing import ClassVar

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jumun.orders.models import Order
from jumun.orders.timeline import Kind
from jumun.payments.models.intention import Intention
from jumun.payments.stripe.snapshots import SessionSnapshot


class Checkout(Intention):
    """A Checkout Session at Stripe, beginning with the intention to create one.

    Its state only moves forward: creating < open < complete, expired, refused. The last three are final at Stripe too.
    ``creating`` means that we do not know whether the session exists; repeating the call with the same key and
    parameters tells.
    """

    class State(models.TextChoices):
        CREATING = "creating", _("being created")
        OPEN = "open", _("open")
        COMPLETE = "complete", _("complete")
        EXPIRED = "expired", _("expired")
        REFUSED = "refused", _("refused")

    NAMED_AS = "checkout"
    UNFINISHED: ClassVar = (State.CREATING, State.OPEN)
    _BEFORE: ClassVar[dict[str, tuple[str, ...]]] = {
        State.OPEN: (State.CREATING,),
        State.COMPLETE: UNFINISHED,
        State.EXPIRED: UNFINISHED,
        State.REFUSED: (State.CREATING,),
    }

    _RECORDED: ClassVar[dict[str, Kind]] = {
        State.OPEN: Kind.CHECKOUT_OPENED,
        State.EXPIRED: Kind.CHECKOUT_EXPIRED,
    }

    order = models.ForeignKey(Order, models.PROTECT, related_name="checkouts", verbose_name=_("order"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.CREATING)
    session_id = models.CharField(_("Stripe session"), max_length=255, unique=True, null=True, blank=True)
    url = models.TextField(blank=True)
    expires_at = models.DateTimeField(_("expires at"))
    refusal = models.TextField(_("refusal"), blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("checkout")
        verbose_name_plural = _("checkouts")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state__in=["creating", "open"]),
                name="jumun_one_open_checkout_per_order",
            ),
        ]

    def __str__(self) -> str:
        return self.session_id or f"checkout {self.pk}"

    def advance(self, session: SessionSnapshot) -> None:
        """Merge the session's state; an older snapshot changes nothing."""
        with transaction.atomic():
            self._advance(Checkout.objects.filter(pk=self.pk), self.order, session)
        self.refresh_from_db(fields=["state", "session_id", "url", "expires_at", "refusal"])

    @classmethod
    def advance_one_of(cls, order: Order, session: SessionSnapshot) -> None:
        """Merge the state of one of the order's sessions, in the caller's transaction. The order is locked."""
        if not cls._advance(order.checkouts.filter(session_id=session.id), order, session):
            # The answer to our create call may have been lost. The session names the row that requested it.
            for checkout in order.checkouts.filter(session_id=None) if session.metadata.checkout else ():
                if checkout.is_named(session.metadata.checkout):
                    cls._advance(order.checkouts.filter(pk=checkout.pk), order, session)

    @classmethod
    def _advance(cls, rows: "models.QuerySet[Checkout]", order: Order, session: SessionSnapshot) -> bool:
        before = cls._BEFORE.get(session.status, ())
        if not rows.filter(state__in=before).update(
            state=session.status, session_id=session.id, url=session.url, expires_at=session.expires_at
        ):
            return False
        if kind := cls._RECORDED.get(session.status):
            order.record(kind, checkout=session.id)
        return True

    def is_beyond(self, session: SessionSnapshot) -> bool:
        """Whether the row has ended in another way than Stripe reports. A refused one does not count: even if it has a
        session, nobody knows the address.
        """
        return self.state in {self.State.COMPLETE, self.State.EXPIRED} and self.state != session.status

    def put_back(self, session: SessionSnapshot) -> None:
        """Take over Stripe's present state, unless another checkout of the order is open; see `reconcile.repair`."""
        others = Checkout.objects.filter(order=self.order, state__in=self.UNFINISHED).exclude(pk=self.pk)
        if session.status == self.State.OPEN and others.exists():
            return
        before, self.state = self.state, self.State(session.status)
        self.save(update_fields=["state"])
        self.order.record(Kind.SET_TO_STRIPE, object=self.session_id, before=before, after=self.state)

    def give_up(self, why: str) -> None:
        """Record that the session has ended, although Stripe does not know it with the present keys."""
        unfinished = Checkout.objects.filter(pk=self.pk, state__in=self.UNFINISHED)
        with transaction.atomic():
            if unfinished.update(state=self.State.EXPIRED, refusal=why[:2000]):
                self.order.record(Kind.CHECKOUT_EXPIRED, checkout=self.session_id)
        self.refresh_from_db()

    def refuse(self, why: str) -> None:
        """Record that Stripe refused to create the session, so that the next try makes a new one."""
        creating = Checkout.objects.filter(pk=self.pk, state=self.State.CREATING)
        with transaction.atomic():
            if creating.update(state=self.State.REFUSED, refusal=why[:2000]):
                self.order.record(Kind.CHECKOUT_REFUSED, why=why[:200])
