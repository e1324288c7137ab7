"""The few statements that bypass the ORM, because they run for each event and job: each is composed once for a model.

The ORM takes four times as long to compose such a statement as the database takes to run it. These functions send none
of Django's signals. They know SQLite and PostgreSQL. The figures: docs/decisions/0060-what-a-paid-event-costs.md
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.db import connections, router
from django.db.models import Field, Model
from django.db.transaction import TransactionManagementError

Row = TypeVar("Row", bound=Model)

if TYPE_CHECKING:
    AnyField = Field[Any, Any]
else:
    AnyField = Field


def find(model: type[Row], *, locked: bool = False, **values: Any) -> Row | None:
    """The first row whose fields have these values, or ``None``.

    ``locked`` locks it until the transaction ends. Other transactions may still insert rows that refer to it. Raises
    `TransactionManagementError` outside a transaction.
    """
    connection, meta = connections[router.db_for_write(model)], model._meta
    names, columns, head = _selection(model)
    fields = [cast(AnyField, meta.get_field(name)) for name in values]
    conditions = " AND ".join(f'"{field.column}" = %s' for field in fields)
    parameters = [
        field.get_db_prep_value(value, connection) for field, value in zip(fields, values.values(), strict=True)
    ]
    tail = " FOR NO KEY UPDATE" if locked and connection.features.has_select_for_no_key_update else ""
    if tail and connection.get_autocommit():
        raise TransactionManagementError("rows are locked inside a transaction only")
    with connection.cursor() as cursor:
        cursor.execute(f"{head} WHERE {conditions} ORDER BY id LIMIT 1{tail}", parameters)
        found = cursor.fetchone()
    if found is None:
        return None
    cells = list(found)
    # Not cached: the converters refer to this connection, and a cache would keep it open.
    for at, column in enumerate(columns):
        for converter in (*connection.ops.get_db_converters(column), *column.get_db_converters(connection)):
            cells[at] = converter(cells[at], column, connection)
    return model.from_db(connection.alias, names, cells)


def insert(row: Model) -> None:
    """Insert the row and set its id."""
    connection = connections[router.db_for_write(type(row))]
    fields, head, places = _insertion(type(row))
    with connection.cursor() as cursor:
        cursor.execute(f"{head} {places} RETURNING id", _cells(row, fields, connection))
        (row.pk,) = cursor.fetchone()
    row._state.adding, row._state.db = False, connection.alias


def insert_new(rows: Sequence[Model]) -> None:
    """Insert rows of one model in one statement, without those that a unique constraint refuses. Sets no ids."""
    if not rows:
        return
    connection = connections[router.db_for_write(type(rows[0]))]
    fields, head, places = _insertion(type(rows[0]))
    with connection.cursor() as cursor:
        cursor.execute(
            f"{head} {', '.join([places] * len(rows))} ON CONFLICT DO NOTHING",
            [cell for row in rows for cell in _cells(row, fields, connection)],
        )


def change(row: Model, values: Mapping[str, object], *, where: Mapping[str, Sequence[object]]) -> bool:
    """Set columns in the database and on ``row``, if each column in ``where`` still holds one of the given values.

    Of two simultaneous callers exactly one gets ``True``.
    """
    # PostgreSQL checks the new values even where no row can match.
    if not all(where.values()):
        return False
    connection, meta = connections[router.db_for_write(type(row))], row._meta

    def cells(name: str, *given: object) -> list[Any]:
        field = cast(AnyField, meta.get_field(name))
        return [field.get_db_prep_save(value, connection) for value in given]

    where = {**where, "id": [row.pk]}
    changed = ", ".join(f'"{name}" = %s' for name in values)
    kept = " AND ".join(f'"{name}" IN ({_places(given)})' for name, given in where.items())
    parameters = [cell for name, value in values.items() for cell in cells(name, value)]
    parameters += [cell for name, given in where.items() for cell in cells(name, *given)]
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE "{meta.db_table}" SET {changed} WHERE {kept}', parameters)  # noqa: S608
        if not cursor.rowcount:
            return False
    for name, value in values.items():
        setattr(row, name, value)
    return True


def _places(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


@cache
def _selection(model: type[Model]) -> tuple[list[str], list[Any], str]:
    """The attributes of a row, its columns, and the SELECT without its conditions."""
    fields = model._meta.concrete_fields
    selected = ", ".join(f'"{field.column}"' for field in fields)
    head = f'SELECT {selected} FROM "{model._meta.db_table}"'  # noqa: S608
    return [field.attname for field in fields], [field.cached_col for field in fields], head


@cache
def _insertion(model: type[Model]) -> tuple[tuple[AnyField, ...], str, str]:
    """The fields that are inserted, the INSERT without its values, and the placeholders of one row."""
    fields = tuple(field for field in model._meta.concrete_fields if not field.primary_key)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    head = f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES'
    return fields, head, f"({_places(fields)})"


def _cells(row: Model, fields: Sequence[AnyField], connection: Any) -> list[Any]:
    return [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
