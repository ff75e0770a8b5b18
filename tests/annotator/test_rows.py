"""Many rows are written at once, each with its own values."""

import pytest

from annotator.models import Document, Project
from annotator.rows import update_rows

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
