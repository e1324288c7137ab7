"""The page a buyer pays on, as Stripe's hosted Checkout is to a buyer."""
