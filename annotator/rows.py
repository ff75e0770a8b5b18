"""Writing columns of many rows that have different values."""

from collections.abc import Sequence
from typing import Any

from django.db import connections, models, router


def update_rows(rows: Sequence[models.Model], columns: Sequence[str]) -> None:
    """Write columns of saved rows, one prepared statement for all of them.

    Django's `bulk_update` builds an expression for every value, which costs many times
    the writing itself. Validators, signals and `auto_now` are passed over as there.

    Args:
        rows: Saved rows of one model.
        columns: Names of fields.
    """
    if not rows:
        return
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    fields: list[Any] = [model._meta.get_field(name) for name in columns]
    assignments = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    key = quote(str(model._meta.pk.column))
    table = quote(model._meta.db_table)
    values = [
        (
            *(
                field.get_db_prep_save(getattr(row, field.attname), connection)
                for field in fields
            ),
            row.pk,
        )
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {assignments} WHERE {key} = %s", values)
