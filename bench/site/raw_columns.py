"""The query of a file of orders with its columns as they are stored: what any export has to read at the least."""

from jumun.exports.columns import ORDER_COLUMNS, rows
from jumun.orders.models import Order


def main() -> str:
    query = rows(Order.objects.all(), [column.source for column in ORDER_COLUMNS], per_line=False)
    sql, parameters = query.query.sql_with_params()
    return sql % tuple(f"'{each}'" if isinstance(each, str) else str(each) for each in parameters)
