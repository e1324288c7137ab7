"""The store as it is deployed, and beside it the views of those it is compared with."""

from importlib.util import find_spec

from shop.settings import *  # noqa: F403
from shop.settings import INSTALLED_APPS

ROOT_URLCONF = "bench.site.urls"
if find_spec("import_export"):  # a peer, which is there with the extra `bench`
    INSTALLED_APPS = [*INSTALLED_APPS, "import_export"]
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
