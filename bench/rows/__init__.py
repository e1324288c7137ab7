"""One file a bench, each with a ``BENCH``; a file is named after its bench, with underscores."""

NAMES = (
    "csv-postgresql",
    "csv-sqlite",
    "admin-list",
    "admin-list-sqlite",
    "order-page",
    "place-order",
    "invoice-pdf",
    "webhook",
    "numbering",
    "paid",
    "machines",
    "stock",
    "cost",
    "paywright",
    "paywright-reads",
)
