"""The page of the rules: who may, what is refused in words, what is stored."""

from collections.abc import Callable, Iterator
from unittest.mock import MagicMock, patch

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotator import rulebook
from annotator.models import Document, Membership, Project, Rule, RuleBook
from annotator.rulebook import Entry

Post = Callable[..., str]


@pytest.fixture(autouse=True)
def sent() -> Iterator[MagicMock]:
    with (
        patch("tasks.rules.apply_rules.delay_on_commit") as apply,
        patch("tasks.learning.learn_rules.delay_on_commit"),
    ):
        yield apply


@pytest.fixture
def post(as_alice: Client, project: Project) -> Post:
    def send(name: str, *args: int, **data: object) -> str:
        address = reverse(name, args=[project.pk, *args])
        return as_alice.post(address, data, follow=True).content.decode()

    return send


def add_rule(project: Project, label: str, text: str, **how: str) -> Rule:
    rulebook.add(project, [Entry(label, text, **how)], by=None)
    return project.rules.get(text=text)


def test_a_curator_adds_a_rule_and_an_annotator_looks(
    as_bob: Client, project: Project, bob: User, sent: MagicMock
) -> None:
    address = reverse("rule-list", args=[project.pk])
    data = {"label": "LOC", "kind": "dictionary", "text": " Basel "}
    assert as_bob.post(address, data).status_code == 403
    Membership.objects.filter(user=bob).update(role="curator")
    page = as_bob.post(address, data, follow=True).content.decode()
    assert "1 rule is stored" in page
    rule = Rule.objects.get()
    assert (rule.label.name, rule.text, rule.created_by) == ("LOC", "Basel", bob)
    sent.assert_called_once_with(project.pk)
    Membership.objects.filter(user=bob).update(role="annotator")
    page = as_bob.get(address).content.decode()
    assert "Basel" in page
    assert "Switch off" not in page
    assert "Add a rule" not in page


@pytest.mark.parametrize(
    ("label", "kind", "text", "sentence"),
    [
        ("LOC", "pattern", "[", "“[” cannot be used: unterminated character set"),
        ("LOC", "pattern", "a*", "“a*” cannot be used: it finds the empty text"),
        ("TOWN", "dictionary", "Basel", "TOWN is not one of the available choices"),
        ("LOC", "dictionary", "   ", "A rule needs a text."),
        ("LOC", "dictionary", "a\tb", "“a\\tb” holds a control character."),
        ("LOC", "dictionary", "x" * 501, "at most 500 characters"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_in_a_sentence(
    post: Post, label: str, kind: str, text: str, sentence: str
) -> None:
    assert sentence in post("rule-list", label=label, kind=kind, text=text)
    assert not Rule.objects.exists()


def test_a_rule_that_is_there_already_is_said_to_be(
    post: Post, project: Project
) -> None:
    add_rule(project, "LOC", "Basel")
    page = post("rule-list", label="LOC", kind="dictionary", text="Basel")
    assert "1 rule was there already." in page
    assert RuleBook.objects.get().version == 2


def test_many_lines_are_pasted_at_once(post: Post) -> None:
    lines = "LOC\tBasel\r\n\r\nPER\tKarl Marx\nORG\t[A-Z]{3}\tpattern\texact\n"
    assert "3 rules are stored" in post("rule-paste", lines=lines)
    rows = Rule.objects.values_list("label__name", "text", "kind", "is_case_sensitive")
    assert sorted(rows) == [
        ("LOC", "Basel", "dictionary", False),
        ("ORG", "[A-Z]{3}", "pattern", True),
        ("PER", "Karl Marx", "dictionary", False),
    ]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("LOC\tBasel\nBern", "Line 2: “Bern” is not a label, a tab and a text."),
        ("TOWN\tBasel", "The project has no label “TOWN”."),
        ("LOC\tB\tword", "Line 1: “word” is no kind of rule"),
        ("LOC\tB\tpattern\tloud", "Line 1: “loud” says nothing about case"),
        ("LOC\tBasel\nLOC\t(\tpattern", "“(” cannot be used"),
        ("\n \n", "There is no line with a rule."),
    ],
)
def test_one_bad_line_stores_nothing_and_is_named(
    post: Post, lines: str, sentence: str
) -> None:
    assert sentence in post("rule-paste", lines=lines)
    assert not Rule.objects.exists()


def test_a_file_that_is_no_text_is_refused(post: Post) -> None:
    file = SimpleUploadedFile("rules.tsv", b"LOC\t\xff\xfe")
    assert "“rules.tsv” is not UTF-8 text." in post("rule-paste", file=file)


def test_what_is_exported_can_be_imported_again(
    as_alice: Client, post: Post, project: Project
) -> None:
    add_rule(project, "LOC", "京都")
    add_rule(project, "PER", r"Dr\. (\w+)", kind="pattern")
    address = reverse("rule-export", args=[project.pk])
    answer = as_alice.get(address)
    assert answer["Content-Disposition"] == 'attachment; filename="news-rules.tsv"'
    table = b"".join(answer.streaming_content)  # type: ignore[attr-defined, arg-type]
    assert table.decode() == (
        "LOC\t京都\tdictionary\tfolded\nPER\tDr\\. (\\w+)\tpattern\tfolded\n"
    )
    before = sorted(Rule.objects.values_list("label", "text", "kind"))
    Rule.objects.all().delete()
    post("rule-paste", file=SimpleUploadedFile("rules.tsv", b"\xef\xbb\xbf" + table))
    assert sorted(Rule.objects.values_list("label", "text", "kind")) == before


def test_a_rule_is_tried_before_it_is_stored(
    post: Post, add_document: Callable[..., Document]
) -> None:
    for number in range(12):
        add_document(f"Ada has <b>AB{number}</b> and CD{number}.")
    add_document("XY9 is for judging.", split="evaluation")
    how = {"label": "ORG", "kind": "pattern", "text": r"[A-Z]{2}(\d+)"}
    page = post("rule-preview", **how)
    assert "Matches: 24 · documents read: 12" in page
    assert page.count('<mark class="mention">') == 8
    assert "&lt;b&gt;AB<mark" in page
    assert not Rule.objects.exists()
    assert "cannot be used" in post("rule-preview", **{**how, "text": "("})


def test_a_slow_pattern_is_called_slow_before_it_is_stored(
    post: Post, add_document: Callable[..., Document]
) -> None:
    for number in range(4):
        add_document("ab" * 60 + f" {number}")
    with patch("annotator.trial.SECONDS", 0.01):
        page = post("rule-preview", label="ORG", kind="pattern", text="(?:a|b|ab)*[xy]")
    assert "takes too long" in page


def test_a_trial_ends_when_somebody_has_waited_long_enough(
    post: Post, add_document: Callable[..., Document]
) -> None:
    add_document("Basel")
    with patch("annotator.trial.SECONDS_IN_ALL", -1.0):
        page = post("rule-preview", label="LOC", kind="dictionary", text="Basel")
    assert "documents read: 0" in page


def test_rules_are_switched_and_deleted(post: Post, project: Project) -> None:
    rule = add_rule(project, "LOC", "Basel")
    assert "Switch on" in post("rule-switch", rule.pk, on="no")
    assert "Switch off" in post("rule-switch", rule.pk, on="yes")
    assert "“Basel” is deleted." in post("rule-delete", rule.pk)
    assert not Rule.objects.exists()


def test_a_learned_rule_is_switched_off_but_never_deleted(
    post: Post, project: Project
) -> None:
    rule = add_rule(project, "LOC", "Basel")
    Rule.objects.update(is_learned=True, right=3)
    post("rule-delete", rule.pk)
    assert "off" in post("rule-switch", rule.pk, on="no")
    assert not Rule.objects.get().is_active


def test_rules_of_another_project_are_out_of_reach(post: Post) -> None:
    other = Project.objects.create(name="Other")
    other.ensure_labels(["LOC"])
    rule = add_rule(other, "LOC", "Basel")
    post("rule-switch", rule.pk, on="no")
    post("rule-delete", rule.pk)
    assert Rule.objects.get().is_active


def test_long_lists_come_in_pages_and_can_be_searched(
    as_alice: Client, project: Project
) -> None:
    entries = [Entry("LOC", f"town{number:03}") for number in range(60)]
    rulebook.add(project, entries, by=None)
    address = reverse("rule-list", args=[project.pk])
    first = as_alice.get(address).content.decode()
    assert "Page 1 of 2" in first
    assert "town059" not in first
    assert "town059" in as_alice.get(address + "?page=2").content.decode()
    hit = as_alice.get(address + "?q=WN059").content.decode()
    assert "town059" in hit
    assert "town001" not in hit


def test_a_table_that_would_keep_the_request_busy_is_refused_and_the_way_named(
    post: Post, project: Project, sent: MagicMock
) -> None:
    large = b"LOC\tBasel\n" * 110_000
    pages = [
        post("rule-paste", file=SimpleUploadedFile("cities.tsv", large)),
        post("rule-paste", lines=large.decode()),
        post("rule-paste", lines="".join(f"LOC\tB{n}\n" for n in range(20_001))),
    ]
    for page, value in zip(
        pages,
        ("“cities.tsv” is larger than 1 MB", "“Lines” is larger", "These are 20001"),
        strict=True,
    ):
        assert value in page
        assert "“manage.py rules PROJECT --import FILE” takes" in page
    assert not project.rules.exists()
    sent.assert_not_called()
