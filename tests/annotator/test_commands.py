"""The commands: a readable summary, one JSON object, one sentence when wrong."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from pytest_django import DjangoCaptureOnCommitCallbacks

from annotator.models import (
    Annotation,
    Checkpoint,
    Document,
    Membership,
    Project,
    TrainingRun,
)

CORPUS = "Ada B-PER\nsang O\n\nBasel B-LOC\n\n"


def run(*arguments: Any, **options: Any) -> str:
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out, **options)
    return out.getvalue()


def as_json(*arguments: Any) -> dict[str, Any]:
    output = run(*arguments, "--json")
    assert output.count("\n") == 1
    return json.loads(output)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.conll"
    path.write_text(CORPUS)
    return path


def test_a_project_is_created_with_labels_and_admin(
    alice: User, tmp_path: Path
) -> None:
    guideline = tmp_path / "guideline.md"
    guideline.write_text("# Places")
    output = run(
        *("create_project", "Letters", "--labels", "PER, LOC", "--admin", "alice"),
        *("--guideline", guideline, "--retrain-every", 5, "--encoder", "bundled"),
        *("--query-strategy", "mnlp"),
    )
    project = Project.objects.get()
    assert output == (
        f"Project {project.pk} “Letters” is created with 2 labels; "
        "tokens: unicode-words.\n"
    )
    assert [label.name for label in project.labels.all()] == ["PER", "LOC"]
    assert project.memberships.get().user == alice
    assert project.memberships.get().role == "admin"
    assert (project.guideline, project.retrain_every) == ("# Places", 5)
    assert (project.encoder, project.query_strategy) == ("bundled", "mnlp")


@pytest.mark.parametrize(
    ("language", "mode"),
    [
        ("zh", "characters"),
        ("zh-Hans", "characters"),
        ("ja", "characters"),
        ("en", "unicode-words"),
        ("th", "unicode-words"),
    ],
)
def test_the_token_mode_follows_the_language(
    db: None, language: str, mode: str
) -> None:
    found = as_json("create_project", "x", "--labels", "A", "--language", language)
    assert found["token_mode"] == mode
    assert Project.objects.get().token_mode == mode


def test_a_chosen_token_mode_is_kept(db: None) -> None:
    options = ("--language", "zh", "--token-mode", "as-imported")
    assert as_json("create_project", "x", *options)["token_mode"] == "as-imported"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["News"], "name: Project with this Name already exists."),
        ([""], "name: This field cannot be blank."),
        (["x", "--labels", "Job title"], "A label is one word"),
        (["x", "--admin", "nobody"], "There is no user “nobody”."),
        (["x", "--guideline", "/no/such.md"], "The guideline /no/such.md cannot be"),
        (["x", "--retrain-every", "-1"], "retrain_every: Ensure this value"),
        (["x", "--token-mode", "bytes"], "invalid choice"),
    ],
)
def test_a_project_that_cannot_be_is_refused_and_not_stored(
    project: Project, arguments: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence) as refusal:
        run("create_project", *arguments)
    assert refusal.value.returncode == 1
    assert "\n" not in str(refusal.value)
    assert Project.objects.count() == 1


def test_files_are_imported_by_project_name_or_number(
    project: Project, corpus: Path
) -> None:
    output = run("import_documents", "News", corpus)
    assert output == (
        f"{corpus}: 2 documents created (conll, UTF-8), 0 were there already, "
        "0 spans stored, 0 suggestions stored, 0 moved to the evaluation slice.\n"
        "2 spans of the file were not stored: say whose they are with "
        "--annotated-by; answers that are there already stay.\n"
    )
    found = as_json("import_documents", project.pk, corpus)["files"][str(corpus)]
    assert (found["created"], found["duplicates"]) == (0, 2)
    assert found["is_stored"] is True


def test_a_project_named_like_a_number_is_found_by_its_name(
    project: Project, corpus: Path
) -> None:
    named = Project.objects.create(name=str(project.pk))
    run("import_documents", project.pk, corpus)
    assert (named.documents.count(), project.documents.count()) == (2, 0)


def test_options_reach_the_import(project: Project, bob: User, tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text("-DOCSTART- O\n\n" + CORPUS + "bad\n\n")
    options = ("--format", "conll", "--document", "blank-lines:2", "--skip-bad")
    run(
        *("import_documents", "News", path, *options),
        *("--split", "evaluation", "--annotated-by", "bob"),
    )
    document = project.documents.get()
    assert document.text == "Ada sang\nBasel"
    assert (document.split, document.split_is_chosen) == ("evaluation", True)
    assert document.annotations.get().user == bob


def test_the_text_column_and_what_happens_to_new_labels_are_options(
    project: Project, tmp_path: Path, corpus: Path
) -> None:
    path = tmp_path / "letters.csv"
    path.write_text("title,body\nA letter,Ada sang.\n")
    run("import_documents", "News", path, "--text-column", "body")
    assert project.documents.get().text == "Ada sang."
    corpus.write_text("Ada B-PER\n\nBasel B-CITY\n")
    with pytest.raises(CommandError, match="1 bad lines, first line 3: The label “CI"):
        run("import_documents", "News", corpus, "--new-labels", "refuse")


def test_gold_needs_no_user(project: Project, corpus: Path) -> None:
    run("import_documents", "News", corpus, "--annotated-by", "gold")
    assert Annotation.objects.filter(is_gold=True).count() == 2


def test_bad_lines_are_listed_and_end_in_one_sentence(
    project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a"}\n{}\n{"text": 1}\n')
    out = io.StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command("import_documents", "News", str(path), stdout=out)
    assert str(refusal.value) == (
        f"{path} was not imported: 2 bad lines, "
        "first line 2: There is no “text”, only –."
    )
    assert out.getvalue() == (
        f"{path}, line 2: There is no “text”, only –.\n"
        f"{path}, line 3: “text” is 1, not a string.\n"
    )
    assert project.documents.count() == 0


def test_a_hundred_bad_lines_are_shown(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("{}\n" * 130)
    out = io.StringIO()
    with pytest.raises(CommandError, match="130 bad lines"):
        call_command("import_documents", "News", str(path), stdout=out)
    assert out.getvalue().count("There is no “text”") == 100
    assert out.getvalue().endswith("30 more bad lines; --errors FILE gets them all.\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Nws", "CORPUS"], "There is no project “Nws”."),
        (["99999999999999999999", "CORPUS"], "There is no project"),
        (["²", "CORPUS"], "There is no project “²”."),
        (["News", "/no/such"], "There is no file /no/such."),
        (["News", "CORPUS", "--annotated-by", "nobody"], "There is no user “nobody”."),
        (["News", "CORPUS", "--annotated-by", "charlie"], "charlie may not annotate"),
        (["News", "CORPUS", "--document", "page"], "“page” is none of sentence"),
    ],
)
def test_an_import_that_cannot_be_is_refused_in_one_sentence(
    project: Project,
    charlie: User,
    corpus: Path,
    arguments: list[str],
    sentence: str,
) -> None:
    filled = [str(corpus) if word == "CORPUS" else word for word in arguments]
    with pytest.raises(CommandError, match=sentence) as refusal:
        run("import_documents", *filled)
    assert "\n" not in str(refusal.value)
    assert project.documents.count() == 0


def test_new_documents_are_read_by_the_active_model(
    project: Project,
    corpus: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    asked: list[int] = []
    monkeypatch.setattr("tasks.prediction.preannotate_project.delay", asked.append)
    with django_capture_on_commit_callbacks(execute=True):
        run("import_documents", "News", corpus)
    assert asked == []
    training = TrainingRun.objects.create(project=project, state="succeeded")
    Checkpoint.objects.create(
        project=project, training_run=training, state="active", labels={}, folder="x"
    )
    corpus.write_text("More O\n")
    with django_capture_on_commit_callbacks(execute=True):
        run("import_documents", "News", corpus)
        run("import_documents", "News", corpus)  # nothing new to read
    assert asked == [project.pk]


def test_waiting_for_a_model_ends_when_another_takes_over(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    Document.new(project, "Ada").save()
    first, second = (
        Checkpoint.objects.create(
            project=project,
            training_run=TrainingRun.objects.create(project=project, state="succeeded"),
            labels={},
            folder=folder,
        )
        for folder in ("first", "second")
    )
    first.activate()
    monkeypatch.setattr("tasks.prediction.preannotate_project.delay", lambda pk: None)
    monkeypatch.setattr("time.sleep", lambda seconds: second.activate())
    with pytest.raises(CommandError, match="Another model took over"):
        run("preannotate", "News", "--wait")


def test_an_export_comes_with_its_report(
    project: Project, corpus: Path, tmp_path: Path
) -> None:
    run("import_documents", "News", corpus, "--annotated-by", "gold")
    path = tmp_path / "out.conll"
    output = run("export", "News", "--format", "conll2002", "--output", path)
    assert path.read_text() == CORPUS
    report = json.loads((tmp_path / "out.conll.report.json").read_text())
    assert (report["documents"], report["spans"]) == (2, 2)
    assert output == (
        f"{path}: 2 documents with 2 spans, 0 moved, 0 dropped; "
        f"see {path}.report.json.\n"
    )
    found = as_json("export", "News", "--format", "jsonl", "--output", path)
    assert found["format"] == "jsonl"
    assert [json.loads(line)["text"] for line in path.read_text().splitlines()] == [
        "Ada sang",
        "Basel",
    ]


def test_a_strict_export_fails_and_leaves_nothing(
    project: Project, tmp_path: Path
) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"text": "Basel", "spans": [[0, 2, "LOC"]]}')
    run("import_documents", "News", source, "--annotated-by", "gold")
    path = tmp_path / "out.conll"
    options = ("--format", "conll2003", "--output", path)
    with pytest.raises(CommandError, match="1 things would not be exact") as refusal:
        run("export", "News", *options, "--strict")
    assert refusal.value.returncode == 1
    assert not list(tmp_path.glob("out*"))
    run("export", "News", *options, "--strict", "--tokens", "characters")
    assert path.exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--output", "/no/such/folder/x"], "/no/such/folder/x cannot be written"),
        (["--output", "x", "--annotated-by", "nobody"], "There is no user “nobody”."),
        (["--output", "x", "--states", "done"], "The state “done” is none of open"),
    ],
)
def test_an_export_that_cannot_be_is_refused_in_one_sentence(
    project: Project, options: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        run("export", "News", "--format", "conll2003", *options)


def scored(project: Project, text: str, confidence: float | None) -> Document:
    document = Document.new(project, text, confidence=confidence)
    document.save()
    return document


def test_the_queue_lists_the_next_documents(project: Project) -> None:
    sure = scored(project, "sure\nand long " + "x" * 90, 0.98765)
    unsure = scored(project, "unsure", 0.25)
    lines = run("queue", "News", "-n", 2).splitlines()
    assert lines[0] == (
        "2 documents of “News” remain; order: a seeded shuffle: no model has read "
        "them yet (lowest_marginal)."
    )
    assert lines[1] == f"{unsure.pk:>8}    0.2500  pool        unsure"
    assert lines[2].startswith(f"{sure.pk:>8}    0.9877  pool        sure and long x")
    assert len(lines) == 3


def test_the_queue_as_json(project: Project, bob: User) -> None:
    assert Membership.objects.filter(user=bob).exists()
    first = scored(project, "first", 0.1)
    scored(project, "second", None)
    found = as_json("queue", "News", "-n", "1")
    assert (found["remaining"], found["order"]) == (2, "cold")
    (row,) = found["documents"]
    assert (row["document"], row["confidence"], row["text"]) == (first.pk, 0.1, "first")


def test_the_queue_wants_a_positive_number(project: Project) -> None:
    with pytest.raises(CommandError, match="-n must be 1 or more."):
        run("queue", "News", "-n", "0")


def test_all_bad_lines_of_an_import_come_as_a_file(
    project: Project, tmp_path: Path
) -> None:
    source, path = tmp_path / "notes, new.jsonl", tmp_path / "errors.csv"
    source.write_text('{"text": "Ada."}\n' + '{"text": 5}\n' * 150)
    how = ["--skip-bad", "--errors", path]
    output = run("import_documents", "News", source, *how)
    assert output.count(": “text” is 5, not a string.") == 100
    assert "50 more bad lines; --errors FILE gets them all." in output
    rows = path.read_text(encoding="utf-8").splitlines()
    assert len(rows) == 151
    assert rows[1] == f'"{source}",2,"“text” is 5, not a string."'
    with pytest.raises(CommandError, match="nowhere/e.csv cannot be written"):
        run("import_documents", "News", source, "--errors", tmp_path / "nowhere/e.csv")
