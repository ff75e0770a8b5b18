"""Writing many rows, or columns of many rows, as fast as the database takes them."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import chain
from typing import Any

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

Rows = list[list[Any]]  # with their keys
ROWS_OF_A_STATEMENT = 200  # of SQLite's: a tenth of the time that one a row takes


def insert_rows(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> list[int]:
    """Insert rows by COPY, or many by each statement, and give their keys.

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
    blank = model()
    rest = {
        field.column: field.get_db_prep_save(field.pre_save(blank, True), connection)
        for field in model._meta.concrete_fields
        if field not in named and not field.primary_key
    }
    # A column that is not named is NULL.
    constants = {name: value for name, value in rest.items() if value is not None}
    prepare = {at: _preparer(field, connection) for at, field in enumerate(named, 1)}
    changed = [(at, change) for at, change in prepare.items() if change]
    keys = _free_keys(model, len(rows), connection)
    written = []
    for key, row in zip(keys, rows, strict=True):
        values = [key, *row]
        for at, change in changed:
            values[at] = change(values[at])
        written.append(values)
    own = [field.column for field in (model._meta.pk, *named)]
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, [*constants, *own]))
    table = f"{quote(model._meta.db_table)} ({names})"
    if connection.vendor == "postgresql":
        _copy(table, written, [*constants.values()], connection)
    else:
        _insert(table, written, [*constants.values()], connection)
    return keys


def _field(model: type[models.Model], name: str) -> Any:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return fields[name]


def _preparer(
    field: Any, connection: BaseDatabaseWrapper
) -> Callable[[Any], Any] | None:
    """What makes a value of Python's one of the driver's, where they differ."""

    if isinstance(field, models.JSONField):
        # As the field itself does, and both databases take JSON as text.
        dumps = partial(json.dumps, cls=field.encoder) if field.encoder else json.dumps

        def dump(value: Any) -> str | None:
            if value is None:
                return None
            return "{}" if value == {} else dumps(value)  # which most rows have

        return dump
    if not isinstance(field, models.DateTimeField):
        return None

    @cache  # many rows have the same time
    def prepare(value: Any) -> Any:
        return None if value is None else field.get_db_prep_save(value, connection)

    return prepare


def _copy(
    table: str, rows: Rows, constants: list[Any], connection: BaseDatabaseWrapper
) -> None:
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f"COPY {table} FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(constants + row)


def _insert(
    table: str, rows: Rows, constants: list[Any], connection: BaseDatabaseWrapper
) -> None:
    """Write many rows by each statement, and what they have in common once.

    Past Django's cursor, which would look for every mark in every statement.
    """
    connection.ensure_connection()
    database: sqlite3.Connection = connection.connection
    common, own = len(constants), len(rows[0])
    shared = [f"?{number}" for number in range(1, common + 1)]
    marks = f"({', '.join(shared + ['?'] * own)})"
    most = database.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) - common
    size = max(1, min(most // own, ROWS_OF_A_STATEMENT))
    with connection.wrap_database_errors:
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            values = ", ".join([marks] * len(part))
            statement = f"INSERT INTO {table} VALUES {values}"
            database.execute(statement, [*constants, *chain.from_iterable(part)])


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
