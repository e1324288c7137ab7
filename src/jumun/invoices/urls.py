from django.urls import path

from jumun.invoices import views

urlpatterns = [
    path("orders/<slug:reference>/invoice.pdf", views.invoice_pdf, name="invoice"),
]
