"""The same invoices on paper, by us and by what one would take instead; each module but the samples has a ``painter``.

A painter gets the tree of strings that `jumun.invoices.printed` makes, except ours, which gets the document itself.
"""
