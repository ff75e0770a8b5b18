"""Many rows are written at once, each with its own values."""

from typing import Any

import pytest

from annotator import rows
from annotator.models import Annotation, Document, Project
from annotator.rows import insert_rows, update_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def documents() -> list[Document]:
    project = Project.objects.create(name="letters")
    rows = [Document.new(project, f"letter {n}") for n in range(5)]
    return Document.objects.bulk_create(rows)


def test_each_row_gets_its_own_values(documents: list[Document]) -> None:
    for number, document in enumerate(documents):
        document.confidence = number / 8
        document.signature = bytes([number, 0, 255])
        document.uncertain_tokens = [{"start": number, "é": ["%s", '"']}]
    columns = ["confidence", "signature", "uncertain_tokens", "checkpoint"]
    update_rows(documents, columns)
    for number, document in enumerate(Document.objects.order_by("pk")):
        assert document.confidence == number / 8
        assert bytes(document.signature or b"") == bytes([number, 0, 255])
        assert document.uncertain_tokens == [{"start": number, "é": ["%s", '"']}]
        assert document.checkpoint is None


def test_other_rows_and_other_columns_stay(documents: list[Document]) -> None:
    changed, *others = documents
    changed.confidence, changed.text = 0.5, "not written"
    update_rows([changed], ["confidence"])
    stored = list(Document.objects.order_by("pk").values_list("text", "confidence"))
    assert stored == [("letter 0", 0.5), *((other.text, None) for other in others)]


def test_a_value_that_breaks_a_rule_of_the_table_is_refused(
    documents: list[Document],
) -> None:
    from django.db import IntegrityError, transaction

    documents[0].confidence = 1.5
    with pytest.raises(IntegrityError), transaction.atomic():
        update_rows(documents, ["confidence"])


def test_nothing_to_write_asks_no_database() -> None:
    update_rows([], ["confidence"])


COLUMNS = ["project_id", "text", "metadata", "content_hash", "shuffle_key"]


def test_inserted_rows_equal_saved_objects() -> None:
    project = Project.objects.create(name="letters")
    saved = Document.new(project, "a\r\nb\tc\\N 😊", metadata={"é": ["%s", None]})
    saved.save()
    saved = Document.objects.get(pk=saved.pk)
    row = [getattr(saved, name) for name in COLUMNS]
    row[COLUMNS.index("content_hash")] = "another"
    (key,) = insert_rows(Document, COLUMNS, [row])
    other = Document.objects.get(pk=key)
    assert abs((other.created_at - saved.created_at).total_seconds()) < 60
    own = {"_state", "id", "content_hash", "created_at"}

    def facts(document: Document) -> dict[str, Any]:
        return {k: v for k, v in vars(document).items() if k not in own}

    assert facts(other) == facts(saved)


def test_keys_are_given_in_the_order_of_the_rows_and_never_twice() -> None:
    project = Project.objects.create(name="letters")
    rows = [(project.pk, f"{n}", {}, f"{n}", 0.5) for n in range(3)]
    keys = insert_rows(Document, COLUMNS, rows)
    found = Document.objects.in_bulk(keys)
    assert [found[key].text for key in keys] == ["0", "1", "2"]
    Document.objects.all().delete()
    later = insert_rows(Document, COLUMNS, rows[:1])
    after = Document.new(project, "the last")
    after.save()
    assert keys[-1] < later[0] < after.pk


def test_an_inserted_row_that_breaks_a_rule_of_the_table_is_refused() -> None:
    from django.db import IntegrityError, transaction

    document = Document.new(Project.objects.create(name="letters"), "a letter")
    document.save()
    columns = ["document_id", "is_gold", "state"]
    for row in ((document.pk, False, "open"), (document.pk, True, "lost")):
        with pytest.raises(IntegrityError), transaction.atomic():
            insert_rows(Annotation, columns, [row])


def test_no_rows_ask_no_database() -> None:
    assert insert_rows(Document, COLUMNS, []) == []


def test_more_rows_than_a_statement_takes_keep_their_order_and_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rows, "ROWS_OF_A_STATEMENT", 2)
    project = Project.objects.create(name="letters")
    values = [
        (project.pk, f"letter {n}", {"n": [n, "é\u2028"]} if n else {}, f"{n:064}", n)
        for n in range(5)
    ]
    keys = insert_rows(Document, COLUMNS, values)
    found = Document.objects.order_by("pk")
    assert [document.pk for document in found] == keys
    assert [document.text for document in found] == [row[1] for row in values]
    assert [document.metadata for document in found] == [row[2] for row in values]
    assert {(d.split, d.tokens, d.confidence) for d in found} == {("pool", None, None)}
