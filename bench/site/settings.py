"""The store as it is deployed, and beside it the views of those it is compared with."""

from importlib.util import find_spec

from shop.settings import *  # noqa: F403
from shop.settings import INSTALLED_APPS, JUMUN

# All customers of a bench have one address.
JUMUN |= {"UNPAID_ORDERS_PER_ADDRESS_MAX": 1_000_000, "UNPAID_ORDERS_PER_SESSION_MAX": 1_000_000}
ROOT_URLCONF = "bench.site.urls"
if find_spec("import_export"):  # a peer, which is there with the extra `bench`
    INSTALLED_APPS = [*INSTALLED_APPS, "import_export"]
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
