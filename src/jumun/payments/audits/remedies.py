from django.utils.translation import gettext_lazy

RECONCILE_REMEDY = gettext_lazy("manage.py reconcile --repair brings in what Stripe knows, fees and payouts too.")
UNFOUNDED_REMEDY = gettext_lazy(
    "manage.py reconcile --repair brings in what Stripe knows. If that changes nothing, compare the order's page with "
    "Stripe's: somebody has changed the database behind Jumun's back."
)
