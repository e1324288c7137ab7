"""The store as it is deployed, and beside it the views of those it is compared with."""

from shop.settings import *  # noqa: F403
from shop.settings import INSTALLED_APPS

ROOT_URLCONF = "bench.site.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "import_export"]
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
