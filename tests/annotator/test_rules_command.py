"""The command for rules: add, import, export, apply, and sentences when wrong."""

from pathlib import Path

import pytest
from django.core.management import CommandError

from annotator.models import Document, Project, Rule, Suggestion
from tests.annotator.test_commands import as_json, run


@pytest.fixture
def document(project: Project) -> Document:
    document = Document.new(project, "Karl Marx left Basel, ID AB12.")
    document.save()
    return document


def test_a_rule_is_added_and_read_at_once(project: Project, document: Document) -> None:
    output = run("rules", "News", "--add", "LOC", "Basel", "--apply")
    assert output == (
        "LOC\tBasel\tdictionary\twritten\ton\t0 accepted\t0 rejected\n"
        "1 rules of “News”, 1 in use; 1 created, 1 suggestions.\n"
    )
    (suggestion,) = Suggestion.objects.all()
    assert (suggestion.start, suggestion.end) == (15, 20)


def test_a_pattern_is_added(project: Project, document: Document) -> None:
    pattern = ("--add", "ORG", r"[a-z]{2}\d+", "--pattern", "--exact", "--apply")
    assert as_json("rules", "News", *pattern)["suggestions"] == 0
    result = as_json("rules", "News", "--add", "ORG", "[A-Z]{2}\\d+", "--apply")
    assert result["suggestions"] == 0  # an entry, taken as it stands
    result = as_json("rules", "News", *pattern[:2], r"[A-Z]{2}\d+", *pattern[3:])
    assert (result["suggestions"], len(result["rules"])) == (1, 3)


def test_a_table_goes_out_and_in(project: Project, tmp_path: Path) -> None:
    table = tmp_path / "rules.tsv"
    table.write_text("LOC\tBasel\nPER\tKarl\tdictionary\texact\n", encoding="utf-8")
    assert as_json("rules", "News", "--import", table)["created"] == 2
    out = tmp_path / "out.tsv"
    run("rules", "News", "--export", out)
    assert out.read_text("utf-8") == (
        "LOC\tBasel\tdictionary\tfolded\nPER\tKarl\tdictionary\texact\n"
    )
    assert as_json("rules", "News", "--import", out)["unchanged"] == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--add", "TOWN", "Basel"], "The project has no label “TOWN”."),
        (["--add", "LOC", "(", "--pattern"], "“(” cannot be used"),
        (["--import", "/nowhere.tsv"], "/nowhere.tsv cannot be read"),
        (["--export", "/nowhere/rules.tsv"], "/nowhere/rules.tsv cannot be written"),
    ],
)
def test_bad_input_is_named(
    project: Project, arguments: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError) as caught:
        run("rules", "News", *arguments)
    assert sentence in str(caught.value)
    assert not Rule.objects.exists()
