from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from jumun.backoffice.checked_list import CheckedList
from jumun.payments.models import Payment


class OrderList(CheckedList):
    """A page of the order list, with what its rows show besides the order: invoice and payment, in one query more."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        settling = Payment.objects.filter(settles_order=True)
        page = self.result_list
        if isinstance(page, QuerySet):
            # The frozen document is by far the largest column, and no row shows it.
            page = page.select_related("invoice").defer("invoice__document_json")
            self.result_list = page.prefetch_related(Prefetch("payments", settling, to_attr="settling"))
