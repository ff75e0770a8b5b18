"""The list of projects, the overview, making and changing one."""

from collections.abc import Callable
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotator.models import Checkpoint, Document, Project, TrainingRun
from tasks.prediction import preannotate_project
from tests.annotator.views.conftest import annotate, finished_run

Add = Callable[..., Document]


def test_the_list_shows_only_what_a_person_may_open(
    as_bob: Client, as_charlie: Client
) -> None:
    assert b"News" in as_bob.get(reverse("project-list")).content
    page = as_charlie.get(reverse("project-list")).content
    assert b"News" not in page
    assert b"No projects yet" in page


def test_the_list_counts_every_document_once(
    as_alice: Client, add_document: Add, alice: User, bob: User
) -> None:
    document = add_document("Ada met Babbage.")
    add_document("Nobody came.")
    annotate(document, alice, (0, 3, "PER"), state="submitted")
    annotate(document, bob, (8, 15, "PER"), state="submitted")
    page = as_alice.get(reverse("project-list")).content
    assert b"1 of 2 documents submitted" in page


def test_the_overview_of_an_empty_project_says_what_to_do(
    as_alice: Client, as_bob: Client, project: Project
) -> None:
    address = reverse("project-detail", args=[project.pk])
    upload = reverse("document-upload", args=[project.pk]).encode()
    assert upload in as_alice.get(address).content
    page = as_bob.get(address).content
    assert upload not in page
    assert b"An admin of this project has to import texts first" in page


def test_the_overview_explains_the_order_before_and_after_the_first_model(
    as_alice: Client, project: Project, add_document: Add
) -> None:
    add_document("Ada met Babbage.", split="evaluation")
    add_document("Nobody came.", confidence=0.4)
    address = reverse("project-detail", args=[project.pk])
    assert b"No model has read the texts yet" in as_alice.get(address).content
    finished_run(project).activate()
    page = as_alice.get(address).content
    assert b"Then come the documents the model is least sure of" in page
    assert b"The evaluation slice comes first" in page


def test_the_overview_shows_labels_confidences_and_the_learning_curve(
    as_alice: Client, project: Project, add_document: Add, alice: User
) -> None:
    annotate(add_document("Ada."), alice, (0, 3, "PER"), state="submitted")
    add_document("Babbage.", confidence=0.42)
    finished_run(project, f1=0.625).activate()
    page = as_alice.get(reverse("project-detail", args=[project.pk])).content.decode()
    assert "0.40–0.43: 1" in page
    assert "F1 0.625 with 20 documents" in page
    assert "1 remaining document by the model" in page


def test_the_overview_takes_a_bounded_number_of_queries(
    as_alice: Client,
    project: Project,
    add_document: Add,
    alice: User,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    for number in range(20):
        document = add_document(f"Ada {number}", confidence=0.5)
        annotate(document, alice, (0, 3, "PER"), state="submitted")
    with django_assert_max_num_queries(25):
        as_alice.get(reverse("project-detail", args=[project.pk]))


def test_a_scratch_encoder_is_named_for_what_it_is(
    as_alice: Client, project: Project, add_document: Add
) -> None:
    Project.objects.filter(pk=project.pk).update(encoder="scratch", language="zh")
    add_document("梁思成到蓟县。")
    page = as_alice.get(reverse("project-detail", args=[project.pk])).content
    assert b"small character-level BERT, trained from nothing" in page


def test_the_known_encoders_are_offered_and_any_other_is_taken(
    as_alice: Client, project: Project
) -> None:
    address = reverse("project-settings", args=[project.pk])
    page = as_alice.get(address).content.decode()
    assert 'list="id_encoder_list"' in page
    assert '<datalist id="id_encoder_list">' in page
    for name in ("bundled", "scratch", "bilstm", "idcnn"):
        assert f'<option value="{name}">' in page
        as_alice.post(address, settings_of(project, encoder=name))
        project.refresh_from_db()
        assert project.encoder_name == name
    as_alice.post(address, settings_of(project, encoder="alice/my-encoder"))
    project.refresh_from_db()
    assert project.encoder_name == "alice/my-encoder"


def test_whoever_makes_a_project_is_its_admin(as_charlie: Client) -> None:
    response = as_charlie.post(
        reverse("project-create"),
        {"name": "Letters", "language": "zh", "labels": "人物\uff0c地点、机构,人物"},
    )
    project = Project.objects.get(name="Letters")
    assert response["Location"] == reverse("document-upload", args=[project.pk])
    assert [label.name for label in project.labels.all()] == ["人物", "地点", "机构"]
    assert project.token_mode == "characters"
    assert project.memberships.get().role == "admin"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("labels", "PER, PLACE NAME", "“PLACE NAME” holds white space"),
        ("labels", "PER, PLA\bCE", "holds white space"),
        ("encoder", "/no/such/folder", "“/no/such/folder” holds no encoder"),
        ("name", "News", "Project with this Name already exists"),
    ],
)
def test_a_project_that_cannot_be_made_says_why(
    as_alice: Client, field: str, value: str, sentence: str
) -> None:
    sent = {"name": "Letters", "language": "en", field: value}
    page = as_alice.post(reverse("project-create"), sent).content.decode()
    assert sentence in page
    assert not Project.objects.filter(name="Letters").exists()


def settings_of(project: Project, **changes: object) -> dict[str, object]:
    fields = ("name", "language", "token_mode", "query_strategy", "encoder")
    fields += ("retrain_every", "retrain_hours", "guideline")
    return {field: getattr(project, field) for field in fields} | changes


def test_the_settings_are_saved_and_the_model_looks_again(
    as_alice: Client,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    monkeypatch.setattr(preannotate_project, "delay", sent := Mock())
    address = reverse("project-settings", args=[project.pk])
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        as_alice.post(address, settings_of(project, retrain_every=50))
    project.refresh_from_db()
    assert project.retrain_every == 50
    sent.assert_called_once_with(project.pk)


@pytest.mark.parametrize(
    ("sent", "kept"), [("0.25", 0.25), ("0", 0.0), ("", 0.1), ("1.5", 0.1)]
)
def test_the_share_of_random_documents_is_a_setting(
    as_alice: Client, project: Project, sent: str, kept: float
) -> None:
    address = reverse("project-settings", args=[project.pk])
    as_alice.post(address, settings_of(project, exploration=sent))
    project.refresh_from_db()
    assert project.exploration == kept


@pytest.mark.parametrize(
    ("code", "shown"), [("zh-hans", "Chinese (zh-hans)"), ("gsw", "gsw")]
)
def test_a_language_that_is_not_listed_is_kept_and_named(
    as_alice: Client, project: Project, code: str, shown: str
) -> None:
    Project.objects.filter(pk=project.pk).update(language=code)
    page = as_alice.get(reverse("project-settings", args=[project.pk]))
    option = f'<option value="{code}" selected>{shown}</option>'
    assert option in page.content.decode()


def test_a_setting_that_does_not_validate_keeps_the_page_and_its_title(
    as_alice: Client, project: Project
) -> None:
    address = reverse("project-settings", args=[project.pk])
    response = as_alice.post(address, settings_of(project, name=""))
    assert b"This field is required" in response.content
    assert b"<title>Settings \xe2\x80\x93 News" in response.content


def test_another_token_mode_has_the_model_read_every_document_anew(
    as_alice: Client,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(preannotate_project, "delay", Mock())
    document = Document.new(project, "text")
    run = TrainingRun.objects.create(project=project, state="succeeded")
    document.checkpoint = Checkpoint.objects.create(
        project=project, training_run=run, folder="c", encoder="x", labels={}
    )
    document.save()
    address = reverse("project-settings", args=[project.pk])
    as_alice.post(address, settings_of(project, retrain_every=50))
    document.refresh_from_db()
    assert document.checkpoint is not None
    as_alice.post(address, settings_of(project, token_mode="characters"))
    document.refresh_from_db()
    assert document.checkpoint is None
