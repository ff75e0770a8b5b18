"""The model card says what is known, and what is not."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from modeling.card import Card, Partner, body, data_sha256, facts, render
from modeling.configuration import TrainingConfig
from modeling.examples import Example
from modeling.licences import encoder_licence
from modeling.spans import Span

ADA = Example("Ada left.", ((0, 3), (4, 8), (8, 9)), (Span(0, 3, "PER"),))
BO = Example("Bo left.", ((0, 2), (3, 7), (7, 8)), (Span(0, 2, "PER"),))


def card(**fields: Any) -> Card:
    known: dict[str, Any] = {
        "project": "Letters: “old”",
        "version": 7,
        "language": "zh-hans",
        "labels": ["PER", "LOC"],
        "encoder": "bundled",
        "facts": {},
        "metrics": {},
    }
    return Card(**known | fields)


def front_matter(text: str) -> dict[str, Any]:
    found: dict[str, Any] = ModelCard(text).data.to_dict()
    return found


def test_the_front_matter_is_what_the_hub_reads() -> None:
    matter = front_matter(render(card()))
    assert matter["language"] == "zh"
    assert matter["pipeline_tag"] == "token-classification"
    assert matter["base_model"] == "sentence-transformers/all-MiniLM-L6-v2"
    other = front_matter(render(card(encoder="FacebookAI/roberta-base")))
    assert other["base_model"] == "FacebookAI/roberta-base"
    assert "base_model" not in front_matter(render(card(encoder="scratch")))


def test_every_hyper_parameter_and_library_is_listed() -> None:
    config = TrainingConfig(seed=41, encoder="bundled")
    known = facts([ADA], config, "apache-2.0", "characters")
    text = body(card(facts=known))
    for name in asdict(config):
        assert f"| {name} |" in text
    assert "| seed | `41` |" in text
    assert "torch 2." in text and "pytorch-crf 0." in text
    assert "apache-2.0" in text
    assert known["data_sha256"] in text
    assert "tokens: characters" in text


def test_partners_are_named_with_their_labels_and_those_not_to_be_named_counted() -> (
    None
):
    partners = [Partner("Diary", ["DAY", "HOUR"], 40)]
    text = render(card(partners=partners, unnamed_partners=2))
    assert "- “Diary”, 40 documents: `DAY`, `HOUR`" in text
    assert "- 2 that whoever this card was written for may not see" in text
    assert "other projects" not in render(card())


def test_measures_come_with_their_intervals() -> None:
    counts = {"precision": 0.5, "recall": 0.4, "f1": 0.444, "gold": 10}
    bounds = {f"{name}_interval": [0.1, 0.9] for name in ("precision", "recall", "f1")}
    metrics = counts | bounds | {"labels": {"PER": counts | bounds}}
    metrics |= {"evaluated_documents": 12, "ece": 0.02, "temperature": 1.5}
    text = body(card(metrics=metrics))
    row = "0.500 [0.100, 0.900] | 0.400 [0.100, 0.900] | 0.444 [0.100, 0.900] | 10 |"
    assert f"| `PER` | {row}" in text and f"| all | {row}" in text
    assert "| `LOC` | – | – | – | 0 |" in text
    assert "12 documents" in text
    assert "calibration error of span confidence: 0.020" in text


def test_what_was_not_recorded_is_said() -> None:
    text = body(card())
    assert "Not measured: no document of the evaluation slice" in text
    assert "were not recorded" in text
    assert "unknown: look it up" in text
    assert "unknown number of documents" in text


def test_the_hash_follows_the_order_and_every_field_of_the_examples() -> None:
    digest = data_sha256([ADA, BO])
    assert digest == data_sha256([ADA, BO])
    changed = replace(ADA, spans=(Span(0, 3, "LOC"),))
    others = [[BO, ADA], [ADA], [changed, BO], [replace(ADA, text="Ado left."), BO]]
    assert len({digest, *map(data_sha256, others)}) == 5


def test_half_a_surrogate_pair_can_be_hashed() -> None:
    assert data_sha256([Example("\ud800", ((0, 1),), ())])


def test_the_bundled_encoder_has_the_licence_of_its_readme() -> None:
    assert encoder_licence("bundled") == "apache-2.0"


@pytest.mark.parametrize("name", ["scratch", "bilstm", "idcnn"])
def test_what_is_trained_from_nothing_needs_no_licence(name: str) -> None:
    assert encoder_licence(name).startswith("none needed")


@pytest.mark.parametrize(
    ("readme", "licence"),
    [
        ("---\nlanguage: en\nlicense: mit\n---\n# Bert", "mit"),
        ('---\nlicense: "cc-by-4.0"\n---\n', "cc-by-4.0"),
        ("# Bert\n\nlicense: mit\n", "unknown: look it up"),
        ("---\nlanguage: en\n---\nlicense: mit\n", "unknown: look it up"),
        (None, "unknown: look it up"),
    ],
)
def test_a_folder_s_licence_is_that_of_its_front_matter(
    tmp_path: Path, readme: str | None, licence: str
) -> None:
    if readme is not None:
        (tmp_path / "README.md").write_text(readme)
    assert encoder_licence(str(tmp_path)) == licence
