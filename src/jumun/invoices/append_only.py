"""Changes that the database refuses: issued documents and their numbers are final."""

from jumun.db.append_only import Refusal, refuse_all

SERIES = "jumun_invoices_series"

# An update either takes numbers or seals the last document.
COUNTS = (
    "(NEW.step > 0 AND NEW.last_number = OLD.last_number + NEW.step"
    " AND (NEW.last_seal, NEW.head) = (OLD.last_seal, OLD.head))"
)
SEALS = "((NEW.last_number, NEW.step) = (OLD.last_number, OLD.step))"

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
        condition="(NEW.id, NEW.prefix, NEW.year, NEW.begun_after) <> (OLD.id, OLD.prefix, OLD.year, OLD.begun_after)"
        f" OR NOT ({COUNTS} OR {SEALS})",
    ),
    Refusal(trigger="jumun_series_no_delete", table=SERIES, act="DELETE", condition="OLD.last_number > 0"),
)
