"""The same invoices on paper, by us and by what one would take instead; each module but the samples has a ``painter``.

A painter gets the strings that `jumun.invoices.documents.printed` makes; ours gets the document itself.
"""
