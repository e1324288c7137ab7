from django.urls import path

from bench.site import exports, plain, stock
from shop.urls import urlpatterns as store

urlpatterns = [
    path("bench/ours.csv", exports.ours),
    path("bench/tutorial.csv", exports.tutorial),
    path("bench/streamed.csv", exports.streamed),
    path("bench/import-export.csv", exports.import_export),
    path("bench/webhook/", plain.webhook),
    path("bench/orders/", plain.orders),
    path("stock/", stock.site.urls),
    *store,
]
