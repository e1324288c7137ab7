"""A customer, and what they order."""

from jumun.orders.customer_and_items import Customer, Item

CUSTOMER = Customer(name="김하늘", email="haneul@example.com", phone="+821012345678")
TEA = Item(sku="tea", name="우전 녹차", unit_price_minor=33_000, quantity=2, tax_rate_ppm=100_000)
BOOK = Item(sku="book", name="차의 책", unit_price_minor=15_000, quantity=1)
