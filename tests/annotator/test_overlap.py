"""A project that lets spans overlap, from the file to the desk and back to a file."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.export_options import ExportOptions
from annotator.exports import export
from annotator.forms.recipe import SettingsForm
from annotator.imports import import_file
from annotator.models import Annotation, Document, Edit, EditRefused, Project, Span
from annotator.models.edits import SpanEdit
from annotator.opening import ImportOptions
from modeling.spans import Span as Mention

TEXT = "Bank of China in Basel"
BANK, CHINA = SpanEdit(0, 13, "ORG"), SpanEdit(8, 13, "LOC")
GOLD = ImportOptions(annotated_by="gold")


@pytest.fixture
def layered(project: Project) -> Project:
    project.allows_overlap = True
    project.save()
    return project


@pytest.fixture
def annotation(layered: Project, bob: User) -> Annotation:
    document = Document.new(layered, TEXT)
    document.save()
    return Annotation.objects.create(document=document, user=bob)


def apply(annotation: Annotation, **edit: Any) -> None:
    annotation.apply(Edit(version=annotation.version, **edit), by=annotation.user)


def test_spans_lie_in_each_other_and_side_by_side(annotation: Annotation) -> None:
    apply(annotation, add=[BANK, CHINA, SpanEdit(0, 4, "ORG"), SpanEdit(8, 16, "LOC")])
    apply(annotation, add=[SpanEdit(8, 13, "ORG")], remove=[BANK])
    stored = {(s.start, s.end, s.label) for s in annotation.spans_by_value()}
    assert stored == {(0, 4, "ORG"), (8, 13, "LOC"), (8, 13, "ORG"), (8, 16, "LOC")}
    assert annotation.spans_at(1) >= {BANK.span, CHINA.span}
    assert annotation.spans_at(2) == set(annotation.spans_by_value())


def test_the_same_span_twice_is_refused_in_one_sentence(
    annotation: Annotation,
) -> None:
    apply(annotation, add=[BANK, CHINA])
    with pytest.raises(EditRefused, match="“China” is marked as LOC already"):
        apply(annotation, add=[CHINA])
    assert annotation.spans.count() == 2


def test_the_database_still_refuses_what_no_project_allows(
    annotation: Annotation,
) -> None:
    label = annotation.document.project.labels.get(name="LOC")
    place: dict[str, Any] = {"annotation": annotation, "label": label, "start": 8}
    for may_overlap in (False, True):
        row = {**place, "end": 13, "may_overlap": may_overlap}
        Span.objects.create(**row)
        with pytest.raises(IntegrityError), transaction.atomic():
            Span.objects.create(**row)


PLACES = [(0, 4), (0, 13), (5, 13), (8, 13)]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from(["LOC", "ORG"])), max_size=12
    )
)
def test_whatever_is_toggled_replay_and_stored_spans_agree(
    annotation: Annotation, toggles: list[tuple[tuple[int, int], str]]
) -> None:
    for place, label in toggles:
        edit = SpanEdit(*place, label)
        is_there = edit.span in annotation.spans_by_value()
        apply(annotation, **{"remove" if is_there else "add": [edit]})
    assert annotation.spans_at(annotation.version) == set(annotation.spans_by_value())


def write_jsonl(path: Path, *spans: list[Any]) -> Path:
    path.write_text(json.dumps({"text": TEXT, "label": [*spans]}))
    return path


def test_a_file_with_overlapping_spans_needs_the_project_s_leave(
    project: Project, tmp_path: Path
) -> None:
    path = write_jsonl(tmp_path / "in.jsonl", [0, 13, "ORG"], [8, 13, "LOC"])
    refused = import_file(path, project, GOLD)
    assert "“China” [8, 13) overlaps “Bank of China” [0, 13)" in refused.errors[0][1]
    project.allows_overlap = True
    project.save()
    assert import_file(path, project, GOLD).spans == 2
    again = write_jsonl(tmp_path / "twice.jsonl", [8, 13, "LOC"], [8, 13, "LOC"])
    noted = import_file(again, project, GOLD)
    assert noted.notes == [(1, "LOC “China” [8, 13) stands 2 times: once kept.")]


def test_a_reader_of_layers_keeps_the_inner_ones(
    project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "in.pubtator"
    lines = ["1|t|Bank of China", "1|a|in Basel", "1\t0\t13\tBank of China\tORG"]
    path.write_text("\n".join([*lines, "1\t8\t13\tChina\tLOC"]))
    assert import_file(path, project, GOLD).spans == 1
    Document.objects.all().delete()
    project.allows_overlap = True
    project.save()
    assert import_file(path, project, GOLD).spans == 2


def test_lines_of_json_hold_every_span(annotation: Annotation, tmp_path: Path) -> None:
    apply(annotation, add=[BANK, CHINA], state="submitted")
    project = annotation.document.project
    receipt = export(project, tmp_path / "out.jsonl", ExportOptions(format="jsonl"))
    assert (receipt.facts["spans"], len(receipt.changes)) == (2, 0)
    Document.objects.all().delete()
    import_file(tmp_path / "out.jsonl", project, GOLD)
    assert Annotation.objects.get().spans_by_value() == [BANK.span, CHINA.span]


def test_columns_hold_the_outermost_and_the_receipt_names_the_others(
    annotation: Annotation, tmp_path: Path
) -> None:
    apply(annotation, add=[BANK, CHINA], state="submitted")
    project = annotation.document.project
    receipt = export(project, tmp_path / "out", ExportOptions(format="conll2002"))
    tags = [
        line.split()[-1] for line in (tmp_path / "out").read_text().splitlines()[:5]
    ]
    assert tags == ["B-ORG", "I-ORG", "I-ORG", "O", "O"]
    (change,) = receipt.changes
    assert (change["kind"], change["surface"]) == ("dropped", "China")
    assert "overlaps a longer span" in change["reason"]


def test_an_outer_span_that_cuts_a_token_still_wins_in_columns(
    annotation: Annotation, tmp_path: Path
) -> None:
    cut = SpanEdit(0, 12, "ORG")  # “Bank of Chin”
    apply(annotation, add=[cut, SpanEdit(0, 4, "LOC")], state="submitted")
    project = annotation.document.project
    receipt = export(project, tmp_path / "out", ExportOptions(format="conll2002"))
    kinds = [(change["kind"], change["label"]) for change in receipt.changes]
    assert kinds == [("moved", "ORG"), ("dropped", "LOC")]


def test_the_desk_says_whether_spans_may_overlap(
    annotation: Annotation, bob: User
) -> None:
    client = Client()
    client.force_login(bob)
    url = f"/api/documents/{annotation.document_id}/annotation"
    assert client.get(url).json()["may_overlap"] is True
    Project.objects.update(allows_overlap=False)
    assert client.get(url).json()["may_overlap"] is False


def change_settings(project: Project, by: User, **fields: Any) -> SettingsForm:
    form = SettingsForm(instance=project, by=by)
    data = {name: form[name].value() for name in form.fields}
    filled = {name: value for name, value in data.items() if value not in (None, "")}
    fresh = Project.objects.get(pk=project.pk)
    return SettingsForm({**filled, **fields}, instance=fresh, by=by)


def test_the_option_stays_on_while_spans_overlap(
    annotation: Annotation, alice: User
) -> None:
    project = annotation.document.project
    apply(annotation, add=[BANK, CHINA, SpanEdit(17, 22, "LOC")])
    form = change_settings(project, alice, allows_overlap=False)
    sentence = "1 annotation has spans that overlap; delete one of each two first."
    assert form.errors["allows_overlap"] == [sentence]
    apply(annotation, remove=[CHINA])
    assert change_settings(project, alice, allows_overlap=False).is_valid()
    assert change_settings(project, alice, allows_overlap=True).is_valid()


def test_the_settings_say_what_a_model_learns(project: Project, alice: User) -> None:
    client = Client()
    client.force_login(alice)
    page = client.get(reverse("project-settings", args=[project.pk])).content.decode()
    assert 'type="checkbox" name="allows_overlap"' in page
    assert "Models learn and suggest the outermost spans only" in page


def test_spans_of_an_earlier_setting_can_still_be_removed(
    annotation: Annotation,
) -> None:
    apply(annotation, add=[BANK, CHINA])
    Project.objects.update(allows_overlap=False)
    annotation = Annotation.objects.get()
    apply(annotation, state="submitted")
    with pytest.raises(EditRefused, match="overlap"):
        apply(annotation, add=[SpanEdit(17, 22, "LOC")])
    apply(annotation, remove=[CHINA], add=[SpanEdit(17, 22, "LOC")])
    assert annotation.spans_by_value() == [BANK.span, Mention(17, 22, "LOC")]
