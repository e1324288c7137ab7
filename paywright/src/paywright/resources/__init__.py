"""Stripe's resources, one file each; `routes` names the function of every operation."""
