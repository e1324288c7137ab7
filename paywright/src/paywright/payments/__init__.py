"""What happens to a PaymentIntent: charged, declined, authenticated, settled."""
