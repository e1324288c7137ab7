"""Print the query of a file of orders with its columns as they are stored: what any export has to read at the least."""

import django


def main() -> None:
    django.setup()

    from jumun.exports.columns import ORDER_COLUMNS, rows
    from jumun.orders.models import Order

    query = rows(Order.objects.all(), [column.source for column in ORDER_COLUMNS], per_line=False)
    sql, parameters = query.query.sql_with_params()
    print(sql % tuple(f"'{each}'" if isinstance(each, str) else each for each in parameters))


if __name__ == "__main__":
    main()
