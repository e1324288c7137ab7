"""What the database refuses of this app's tables: issued documents and their numbers are final."""

from jumun.frozen import Refusal, refuse_all

SERIES = "jumun_invoices_series"

REFUSALS = (
    *refuse_all("jumun_invoices_invoice", "jumun_invoice"),
    *refuse_all("jumun_invoices_creditnote", "jumun_creditnote"),
    *refuse_all("jumun_invoices_cancellation", "jumun_cancellation"),
    *refuse_all("jumun_invoices_archivedpdf", "jumun_archivedpdf"),
    *refuse_all("jumun_invoices_skippednumbers", "jumun_skippednumbers"),
    Refusal(
        trigger="jumun_series_only_forward",
        table=SERIES,
        act="UPDATE",
        condition="NEW.step < 1 OR (NEW.id, NEW.prefix, NEW.year, NEW.begun_after, NEW.last_number)"
        " <> (OLD.id, OLD.prefix, OLD.year, OLD.begun_after, OLD.last_number + NEW.step)",
    ),
    Refusal(trigger="jumun_series_no_delete", table=SERIES, act="DELETE", condition="OLD.last_number > 0"),
)
