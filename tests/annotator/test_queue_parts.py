"""The queue reads a few rows out of an index and never sorts a project."""

import random
from itertools import chain
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator import queue
from annotator.models import Checkpoint, Document, Project, TrainingRun
from annotator.models.documents import HIGHEST_FIRST

few_values = st.sampled_from([None, 0.0, 0.5, 1.0])  # so that many are the same
measured = st.fixed_dictionaries(
    {"split": st.sampled_from(["evaluation", "pool", "pool"])}
    | dict.fromkeys(("confidence", *HIGHEST_FIRST), few_values)
)


@pytest.mark.parametrize("strategy", queue.MEASURES)
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(measured, max_size=30))
def test_the_parts_after_each_other_are_the_order(
    project: Project, strategy: str, rows: list[dict[str, Any]]
) -> None:
    project.documents.all().delete()
    project.query_strategy = strategy
    new = [Document.new(project, f"text {n}", **row) for n, row in enumerate(rows)]
    Document.objects.bulk_create(new)
    waiting = queue.remaining(project)
    parts = queue.in_parts(project, waiting)
    assert list(chain.from_iterable(parts)) == list(waiting)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="plans of SQLite")
@pytest.mark.parametrize("strategy", queue.MEASURES)
def test_no_part_of_the_order_is_sorted(
    project: Project, bob: User, strategy: str
) -> None:
    project.query_strategy = strategy
    for part in queue.in_parts(project, queue.remaining(project, bob)):
        plan = part.values_list("pk", "signature")[:100].explain()
        assert "SEARCH annotator_document USING INDEX" in plan
        assert "USE TEMP B-TREE FOR ORDER BY" not in plan


def test_a_document_by_chance_is_found_without_reading_the_others(
    project: Project, bob: User
) -> None:
    run = TrainingRun.objects.create(project=project, state="succeeded")
    Checkpoint.objects.create(
        project=project, training_run=run, state="active", labels={}, folder="x"
    )
    project.exploration = 1.0
    words = random.Random(0)
    texts = [" ".join(str(words.random()) for _ in range(4)) for _ in range(9)]
    Document.objects.bulk_create(Document.new(project, text) for text in texts)
    with CaptureQueriesContext(connection) as done:
        document = queue.take_next(project, bob)
    assert document is not None
    document.refresh_from_db()
    assert document.served_as == "chance"
    reading = [q["sql"] for q in done if '"annotator_document"."text"' in q["sql"]]
    assert reading
    assert all("LIMIT 1" in sql for sql in reading)
