from django.urls import path

from jumun.invoices import credit_note_views, views

urlpatterns = [
    path("orders/<slug:reference>/invoice.pdf", views.invoice_pdf, name="invoice"),
    path(
        "orders/<slug:reference>/credit-notes/<slug:number>.pdf",
        credit_note_views.credit_note_pdf,
        name="credit-note",
    ),
    path("orders/<slug:reference>/invoice.xml", views.invoice_xml, name="einvoice"),
]
