"""The balance: transactions, fees, availability, payouts."""
