"""Writing many rows, or columns of many rows, as fast as the database takes them."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper


def insert_rows(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> list[int]:
    """Insert rows by COPY, or by one prepared statement, and give their keys.

    Django's `bulk_create` builds an object for every row and asks every field about
    every value, which costs many times the writing itself. Fields that are not named
    get their defaults. The database's constraints hold; validators are passed over, as
    in `bulk_create`. For SQLite the caller holds a transaction.

    Args:
        model: Whose rows they are.
        columns: Names of fields; of a foreign key the one that ends in ``_id``.
        rows: Their values in this order, a key for a foreign key.
    """
    if not rows:
        return []
    connection = connections[router.db_for_write(model)]
    named: list[Any] = [_field(model, name) for name in columns]
    rest = [f for f in model._meta.concrete_fields if f not in named]
    rest = [field for field in rest if not field.primary_key]
    blank = model()
    constants = tuple(
        field.get_db_prep_save(field.pre_save(blank, add=True), connection)
        for field in rest
    )
    prepare = {at: _preparer(field, connection) for at, field in enumerate(named)}
    changed = [(at, change) for at, change in prepare.items() if change]
    keys = _free_keys(model, len(rows), connection)
    written = []
    for key, row in zip(keys, rows, strict=True):
        values = list(row)
        for at, change in changed:
            values[at] = change(values[at])
        written.append((key, *values, *constants))
    fields = [model._meta.pk, *named, *rest]
    _write(model, [field.column for field in fields], written, connection)
    return keys


def _field(model: type[models.Model], name: str) -> Any:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return fields[name]


def _preparer(
    field: Any, connection: BaseDatabaseWrapper
) -> Callable[[Any], Any] | None:
    """What makes a value of Python's one of the driver's, where they differ."""

    def prepare(value: Any) -> Any:
        return None if value is None else field.get_db_prep_save(value, connection)

    if isinstance(field, models.DateTimeField):
        return cache(prepare)  # many rows have the same time
    return prepare if isinstance(field, models.JSONField) else None


def _write(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    connection: BaseDatabaseWrapper,
) -> None:
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    names = ", ".join(map(quote, columns))
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            marks = ", ".join(["%s"] * len(columns))
            into = f"INSERT INTO {table} ({names}) VALUES ({marks})"
            cursor.executemany(into, rows)
            return
        into = f"COPY {table} ({names}) FROM STDIN"
        with connection.wrap_database_errors, cursor.copy(into) as copy:
            for row in rows:
                copy.write_row(row)


def _free_keys(
    model: type[models.Model], count: int, connection: BaseDatabaseWrapper
) -> list[int]:
    """Primary keys that nobody has, for rows that are about to be written."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sequence = "pg_get_serial_sequence(%s, %s)"
            ask = f"SELECT nextval({sequence}) FROM generate_series(1, %s)"
            cursor.execute(ask, [table, str(model._meta.pk.column), count])
            return [key for (key,) in cursor.fetchall()]
        # Nobody else writes while this transaction holds SQLite's one lock.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        found = cursor.fetchone()
    first = (found[0] if found else 0) + 1
    return list(range(first, first + count))


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
