"""All of Jumun's addresses: ``path("", include("jumun.urls"))``. The storefront's are there if that app is
installed.
"""

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path

app_name = "jumun"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("jumun.outbox.urls")),
    path("", include("jumun.invoices.urls")),
    path("", include("jumun.payments.urls")),
]
if apps.is_installed("jumun.storefront"):
    urlpatterns.append(path("", include("jumun.storefront.urls")))
