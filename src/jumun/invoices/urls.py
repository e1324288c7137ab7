from django.urls import path

from jumun.invoices import views

urlpatterns = [
    path("orders/<slug:reference>/invoice.pdf", views.invoice_pdf, name="invoice"),
    path("orders/<slug:reference>/invoice.xml", views.invoice_xml, name="einvoice"),
    path("orders/<slug:reference>/credit-notes/<slug:number>.pdf", views.correction_pdf, name="credit-note"),
    path("orders/<slug:reference>/credit-notes/<slug:number>.xml", views.correction_xml, name="credit-note-xml"),
]
