from django.urls import path

from jumun.payments import pages, views

urlpatterns = [
    path("orders/<slug:reference>/", pages.order, name="order"),
    path("payment/process/", pages.process, name="payment-process"),
    path("payment/completed/", pages.completed, name="payment-completed"),
    path("payment/canceled/", pages.canceled, name="payment-canceled"),
    path("payment/webhooks/", views.webhook, name="payment-webhooks"),
]
