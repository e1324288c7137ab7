from django.urls import path, re_path

from jumun.payments import pages
from jumun.payments.webhooks import views

urlpatterns = [
    path("orders/<slug:reference>/", pages.order, name="order"),
    path("payment/process/", pages.process, name="payment-process"),
    path("payment/completed/", pages.completed, name="payment-completed"),
    path("payment/canceled/", pages.canceled, name="payment-canceled"),
    path("payment/webhooks/", views.webhook, name="payment-webhooks"),
    # The same address as people type it into Stripe's dashboard: a redirect would lose every notification.
    path("payment/webhooks", views.webhook),
    re_path(r"^payments?/webhooks?/?$", views.misdirected_webhook),
]
