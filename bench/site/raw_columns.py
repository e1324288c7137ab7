"""Print the query of a file of orders with its columns as they are stored: what any export has to read at the least."""

import django


def main() -> None:
    django.setup()
    from django.db import connection

    from jumun.exports.columns import ORDER_COLUMNS, rows
    from jumun.orders.models import Order

    query = rows(Order.objects.all(), ORDER_COLUMNS, per_line=False)
    sql, parameters = query.query.sql_with_params()
    if connection.vendor == "sqlite":
        assert not parameters
        print(sql)
        return
    from psycopg import ClientCursor

    connection.ensure_connection()
    print(ClientCursor(connection.connection).mogrify(sql, parameters))


if __name__ == "__main__":
    main()
