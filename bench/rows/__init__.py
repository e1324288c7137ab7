"""One file a subject. Importing this package registers all benches, in the order of the page."""

from importlib import import_module

from bench.row import BENCHES as BENCHES

for _subject in ("csv", "admin", "place_order", "invoice_pdf", "webhook", "numbering", "paid", "stock", "paywright"):
    import_module(f"bench.rows.{_subject}")
