"""Checkout Sessions: what they cost, and how they end."""
