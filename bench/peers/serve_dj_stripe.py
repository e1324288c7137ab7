"""dj-stripe's webhook as its documentation installs it; a project of one file, for an environment of its own.

``python serve_dj_stripe.py`` makes the tables and one endpoint; gunicorn then serves `application`. dj-stripe asks
Stripe for the object of each event, and for what belongs to it: Paywright here, on the same machine.
"""

import os

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

UUID = "5b1d2c6e-4d1f-4a8e-9e7c-000000000001"
APPS = ("auth", "contenttypes", "djstripe")
DATABASE = {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"], "CONN_MAX_AGE": None}

settings.configure(
    DATABASES={"default": DATABASE},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "djstripe"],
    MIGRATION_MODULES=dict.fromkeys(APPS),
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="for the bench only",
    USE_TZ=True,
    STRIPE_API_HOST=os.environ["STRIPE_API_BASE"],
    STRIPE_TEST_SECRET_KEY=os.environ["STRIPE_SECRET_KEY"],
    STRIPE_LIVE_MODE=False,
    DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
# Its URLs import its models.
django.setup()


def ready(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ready")


urlpatterns = [path("healthz", ready), path("stripe/", include("djstripe.urls", namespace="djstripe"))]
application = get_wsgi_application()

if __name__ == "__main__":
    from djstripe.models import WebhookEndpoint

    call_command("migrate", run_syncdb=True, verbosity=0)
    WebhookEndpoint.objects.create(
        id="we_bench",
        djstripe_uuid=UUID,
        secret=os.environ["STRIPE_WEBHOOK_SECRET"],
        livemode=False,
        enabled_events=["*"],
        status="enabled",
        url="http://127.0.0.1/",
    )
