"""Writing single rows where it must be quick: the statement is made once for a model and not anew for every row.

The ORM takes four times as long to say it as the database takes to do it. No signal of Django's is sent. For SQLite and
PostgreSQL.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from django.db import connections, router
from django.db.models import Field, Model

if TYPE_CHECKING:
    AnyField = Field[Any, Any]
else:
    AnyField = Field


def insert(row: Model) -> None:
    """Write a new row and learn its id."""
    connection = connections[router.db_for_write(type(row))]
    fields, head, places = _insertion(type(row))
    with connection.cursor() as cursor:
        cursor.execute(f"{head} {places} RETURNING id", _cells(row, fields, connection))
        (row.pk,) = cursor.fetchone()
    row._state.adding, row._state.db = False, connection.alias


def insert_new(rows: Sequence[Model]) -> None:
    """Write those of the rows, all of one model, whose unique values are not there yet. Their ids are not learnt."""
    connection = connections[router.db_for_write(type(rows[0]))]
    fields, head, places = _insertion(type(rows[0]))
    with connection.cursor() as cursor:
        cursor.execute(
            f"{head} {', '.join([places] * len(rows))} ON CONFLICT DO NOTHING",
            [cell for row in rows for cell in _cells(row, fields, connection)],
        )


def change(row: Model, values: Mapping[str, object], *, where: Mapping[str, Sequence[object]]) -> bool:
    """Give columns of a row other values, there and here, if others still have one of the values told by ``where``.

    Of two simultaneous callers exactly one gets ``True``.
    """
    connection, meta = connections[router.db_for_write(type(row))], row._meta

    def cells(name: str, *given: object) -> list[Any]:
        field = cast(AnyField, meta.get_field(name))
        return [field.get_db_prep_save(value, connection) for value in given]

    changed = ", ".join(f'"{name}" = %s' for name in values)
    kept = "".join(f' AND "{name}" IN ({", ".join(["%s"] * len(given))})' for name, given in where.items())
    parameters = [cell for name, value in values.items() for cell in cells(name, value)]
    parameters += [row.pk, *(cell for name, given in where.items() for cell in cells(name, *given))]
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE "{meta.db_table}" SET {changed} WHERE id = %s{kept}', parameters)  # noqa: S608
        if not cursor.rowcount:
            return False
    for name, value in values.items():
        setattr(row, name, value)
    return True


@cache
def _insertion(model: type[Model]) -> tuple[tuple[AnyField, ...], str, str]:
    """What is written of a row, the statement up to its values, and the places of one row's."""
    fields = tuple(field for field in model._meta.concrete_fields if not field.primary_key)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    head = f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES'
    return fields, head, f"({', '.join(['%s'] * len(fields))})"


def _cells(row: Model, fields: Sequence[AnyField], connection: Any) -> list[Any]:
    return [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
