"""Order-to-cash for Django on Stripe."""

__version__ = "0.1.0"
