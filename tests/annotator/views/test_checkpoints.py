"""A version's card, mistakes and file, and two versions side by side."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotator.models import Assessment, Checkpoint, Document, Membership, Project
from modeling import checkpoints
from modeling.encoders import build_scratch_encoder
from modeling.tagger import Tagger
from tests.annotator.views.conftest import finished_run

TEXT = "Ada met Babbage in Kew."


@pytest.fixture
def version(project: Project, add_document: Callable[..., Document]) -> Checkpoint:
    """In use, and measured on a document of which it missed Kew."""
    confusion = [["missed", "LOC", "", 1], ["right", "PER", "PER", 1]]
    bins = [[0.5, 0.6, 0.55, 0.5, 2], [0.9, 1.0, 0.97, 1.0, 9]]
    found = finished_run(
        project, confusion=confusion, reliability=bins, ece=0.031, auroc=0.9
    )
    found.activate()
    Assessment.objects.create(
        checkpoint=found,
        document=add_document(TEXT, split="evaluation", external_id="a letter"),
        gold=[[0, 3, "PER"], [19, 22, "LOC"]],
        predicted=[[0, 3, "PER"]],
    )
    return found


@pytest.fixture
def saved(settings: Any, tmp_path: Path, version: Checkpoint) -> Checkpoint:
    """The version with a folder of weights."""
    settings.CHECKPOINT_DIR = tmp_path
    encoder, tokenizer = build_scratch_encoder([TEXT] * 2, hidden_size=48, layers=1)
    checkpoints.save(Tagger(encoder, tokenizer, ["PER"]), tmp_path / version.folder)
    return version


def address(name: str, version: Checkpoint, query: str = "") -> str:
    return reverse(name, args=[version.project_id, version.pk]) + query


def test_the_page_shows_confusions_with_links_to_what_is_behind(
    as_bob: Client, version: Checkpoint
) -> None:
    text = as_bob.get(reverse("training", args=[version.project_id])).content.decode()
    link = address("checkpoint-mistakes", version, "?kind=missed&amp;gold=LOC")
    assert f'<a href="{link}">1</a>' in text
    assert "Other boundaries" not in text
    assert "0.031" in text
    assert "Share of right spans by confidence" in text


@pytest.fixture
def partner(alice: User, version: Checkpoint) -> Project:
    """A project of alice's that the version learnt from as well; bob is no member."""
    found = Project.objects.create(name="Diary")
    Membership.objects.create(project=found, user=alice, role="viewer")
    told = {"project": found.pk, "name": "Diary", "labels": ["DAY"], "documents": 4}
    version.metrics["partners"] = [told]
    version.save()
    return found


@pytest.mark.usefixtures("partner")
def test_the_card_names_partners_to_those_who_may_see_them(
    as_alice: Client, as_bob: Client, version: Checkpoint
) -> None:
    for_alice, for_bob = (
        client.get(address("checkpoint-detail", version)).content.decode()
        for client in (as_alice, as_bob)
    )
    assert "“Diary”, 4 documents: <code>DAY</code>" in for_alice
    assert "Diary" not in for_bob and "DAY" not in for_bob
    assert "1 that whoever this card was written for may not see" in for_bob


def test_the_folder_names_partners_to_those_who_may_see_them(
    as_alice: Client, saved: Checkpoint, partner: Project
) -> None:
    def readme() -> str:
        response = as_alice.get(address("checkpoint-download", saved))
        archive = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
        return archive.read(f"news-{saved.pk}/README.md").decode()

    assert "“Diary”, 4 documents: `DAY`" in readme()
    partner.memberships.all().delete()
    assert "Diary" not in readme()


def test_numbers_have_no_link_when_the_documents_are_gone(
    as_bob: Client, version: Checkpoint
) -> None:
    version.assessments.all().delete()
    text = as_bob.get(reverse("training", args=[version.project_id])).content.decode()
    assert address("checkpoint-mistakes", version) not in text
    assert "The documents of this version are no longer kept." in text


def test_the_random_baseline_is_drawn_where_it_was_measured(
    as_bob: Client, version: Checkpoint, project: Project
) -> None:
    page = reverse("training", args=[project.pk])
    assert "chart__line--random" not in as_bob.get(page).content.decode()
    rows = [[100, 0.4, 0.3, 0.5], [200, 0.6, 0.5, 0.7]]
    better = [[100, 0.5, 0.4, 0.6], [200, 0.7, 0.6, 0.8]]
    project.yardstick = {"random": rows, "lowest_marginal": better}
    project.save()
    text = as_bob.get(page).content.decode()
    assert "chart__line--random" in text
    assert "Lowest mean CRF marginal" in text
    assert '<td class="number">0.600</td>' in text  # the table beside the picture
    assert "F1 0.600 took 150 tokens" in text and "That is 25 % saved." in text


def test_a_cell_opens_its_documents_with_both_sides(
    as_bob: Client, version: Checkpoint
) -> None:
    query = "?kind=missed&gold=LOC"
    text = as_bob.get(address("checkpoint-mistakes", version, query)).content.decode()
    assert "LOC: missed" in text
    assert "a letter" in text
    people, model = text.split("<dt>Model</dt>")
    assert 'Kew<span class="mention__label">LOC</span>' in people
    assert "mention__label" in model and "LOC</span>" not in model


def test_a_cell_with_nothing_behind_it_says_so(
    as_bob: Client, version: Checkpoint
) -> None:
    page = address("checkpoint-mistakes", version, "?kind=split")
    text = as_bob.get(page).content.decode()
    assert "No document is behind this number" in text
    assert "<h1>split into several" in text
    page = address("checkpoint-mistakes", version, "?kind=nonsense")
    assert as_bob.get(page).status_code == 404


def test_label_names_in_an_address_are_shown_and_not_run(
    as_bob: Client, version: Checkpoint
) -> None:
    page = address("checkpoint-mistakes", version, "?kind=missed&gold=<script>x")
    assert b"<script>x" not in as_bob.get(page).content


def test_the_card_is_shown_to_readers_and_the_file_offered_to_admins(
    as_viewer: Client, as_alice: Client, version: Checkpoint
) -> None:
    page = address("checkpoint-detail", version)
    text = as_viewer.get(page).content.decode()
    assert "<h2>What is not known</h2>" in text
    assert "Download the model" not in text
    assert "Download the model" in as_alice.get(page).content.decode()


def test_an_admin_downloads_a_folder_with_its_card(
    as_alice: Client, as_bob: Client, saved: Checkpoint
) -> None:
    page = address("checkpoint-download", saved)
    assert as_bob.get(page).status_code == 403
    response = as_alice.get(page)
    assert f'filename="news-{saved.pk}.zip"' in response["Content-Disposition"]
    assert response.streaming
    data = response.getvalue()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = {name.partition("/")[2] for name in archive.namelist()}
        card = archive.read(f"news-{saved.pk}/README.md").decode()
    assert names >= {"config.json", "model.safetensors", "head.safetensors"}
    assert names >= {"predict_example.py", "labels.json", "tokenizer.json"}
    assert f"# News, version {saved.pk}" in card


def test_weights_that_are_gone_cannot_be_downloaded(
    as_alice: Client, version: Checkpoint
) -> None:
    answer = as_alice.get(address("checkpoint-download", version), follow=True)
    assert b"The weights of this version are no longer kept." in answer.content


def test_two_versions_are_compared(
    as_bob: Client, version: Checkpoint, project: Project
) -> None:
    newer = finished_run(project, f1=0.7)
    page = reverse("checkpoint-compare", args=[project.pk])
    text = as_bob.get(f"{page}?first={version.pk}&second={newer.pk}").content.decode()
    assert f"Version {version.pk} beside version {newer.pk}" in text
    assert "+0.200" in text
    assert "No document was measured by both" in text
    Assessment.objects.create(
        checkpoint=newer,
        document=version.assessments.get().document,
        gold=version.assessments.get().gold,
        predicted=version.assessments.get().gold,
    )
    text = as_bob.get(f"{page}?first={version.pk}&second={newer.pk}").content.decode()
    assert "0.667 → 1.000" in text


@pytest.mark.parametrize("query", ["", "?first=x&second=2", "?first=²"])
def test_what_is_no_version_is_not_found(
    as_bob: Client, project: Project, query: str
) -> None:
    page = reverse("checkpoint-compare", args=[project.pk])
    assert as_bob.get(page + query).status_code == 404


def test_a_version_of_another_project_is_not_found(
    as_alice: Client, version: Checkpoint
) -> None:
    other = Project.objects.create(name="Elsewhere")
    stranger = finished_run(other)
    for name in ("checkpoint-detail", "checkpoint-mistakes", "checkpoint-download"):
        page = reverse(name, args=[version.project_id, stranger.pk])
        assert as_alice.get(page).status_code == 404
    page = reverse("checkpoint-compare", args=[version.project_id])
    query = f"?first={version.pk}&second={stranger.pk}"
    assert as_alice.get(page + query).status_code == 404


def test_an_outsider_finds_nothing(as_charlie: Client, version: Checkpoint) -> None:
    for name in ("checkpoint-detail", "checkpoint-mistakes", "checkpoint-download"):
        assert as_charlie.get(address(name, version)).status_code == 404
    page = reverse("checkpoint-compare", args=[version.project_id])
    query = f"?first={version.pk}&second={version.pk}"
    assert as_charlie.get(page + query).status_code == 404
