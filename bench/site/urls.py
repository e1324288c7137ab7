from django.apps import apps
from django.urls import path

from bench.site import exports, plain, stock
from shop.urls import urlpatterns as store

urlpatterns = [
    path("bench/ours.csv", exports.ours),
    path("bench/tutorial.csv", exports.tutorial),
    path("bench/streamed.csv", exports.streamed),
    path("bench/pretix.csv", exports.pretix),
    path("bench/webhook/", plain.webhook),
    path("bench/orders/", plain.orders),
    path("stock/", stock.site.urls),
    *store,
]
if apps.is_installed("import_export"):
    from bench.site.import_export import import_export

    urlpatterns.append(path("bench/import-export.csv", import_export))
