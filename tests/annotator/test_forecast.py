"""What the training page says of stopping."""

import pytest
from django.template.loader import render_to_string

from annotator.forecast import Outlook, outlook
from annotator.models import Project, TrainingRun
from annotator.models.training import Trigger
from annotator.statistics import learning_curve


def measure(
    project: Project,
    documents: int,
    f1: float | None,
    agreement: float | None = None,
    **recorded: object,
) -> None:
    """Record a run that succeeded."""
    metrics = {
        "f1": f1,
        "f1_interval": [f1, f1],
        "trained_documents": documents,
        "promoted": True,
        "agreement": agreement and {"f1": agreement, "documents": 200, "checkpoint": 1},
        **recorded,
    }
    TrainingRun.objects.create(
        project=project, trigger=Trigger.BUTTON, state="succeeded", metrics=metrics
    )


def configured(**options: object) -> dict[str, dict[str, object]]:
    """What a run notes of its configuration."""
    return {"config": {"encoder": "bundled", "seed": 1, "device": "cpu"} | options}


def forecast(project: Project) -> Outlook:
    return outlook(project, learning_curve(project))


def page(project: Project) -> str:
    html = render_to_string("training/stopping.html", {"outlook": forecast(project)})
    return " ".join(html.split())


def test_the_next_gain_is_told_in_points_with_its_bounds(project: Project) -> None:
    for documents in (100, 200, 300, 400, 500, 600):
        measure(project, documents, 0.8 - 0.3 * (documents / 100) ** -0.7)
    found = forecast(project)
    assert found.gain is not None
    rise = 0.3 * (6**-0.7 - 7**-0.7) * 100
    assert found.gain.expected == pytest.approx(rise, abs=0.3)
    assert 0 <= found.gain.low < rise < found.gain.high < 5
    text = page(project)
    assert f"expected to add {found.gain.expected:.1f} points of F1" in text
    assert f"({found.gain.low:.1f} to {found.gain.high:.1f})" in text
    assert 0.68 < found.gain.next_low < found.gain.next_high < 0.78
    assert f"{found.gain.next_low:.3f} and {found.gain.next_high:.3f}" in text


def test_without_enough_measured_runs_it_says_how_many_are_missing(
    project: Project,
) -> None:
    assert "after 4 more measured runs" in page(project)
    measure(project, 100, 0.5)
    measure(project, 100, 0.6)
    measure(project, 150, None)
    assert forecast(project).missing == 3
    measure(project, 200, 0.6)
    measure(project, 300, 0.6)
    assert "after 1 more measured run on" in page(project)


def test_models_that_still_differ_are_told_with_the_threshold(project: Project) -> None:
    measure(project, 100, 0.5)
    assert forecast(project).agreement is None
    measure(project, 200, 0.6, 0.912)
    text = page(project)
    assert "In 200 documents nobody has annotated" in text
    assert "an F1 of 0.912" in text
    assert "At 0.99 or more in 3 runs in a row" in text


def test_models_that_no_longer_differ_advise_to_stop(project: Project) -> None:
    for documents, value in ((100, 0.9), (120, 0.99), (140, 0.995), (160, 1.0)):
        measure(project, documents, 0.5, value)
    assert "The last 3 models hardly differ" in page(project)
    measure(project, 180, 0.5, 0.98)
    assert "hardly differ" not in page(project)


def test_runs_on_the_same_documents_do_not_advise_to_stop(project: Project) -> None:
    measure(project, 80, 0.4)
    measure(project, 100, 0.5, 0.9)
    for _ in range(4):
        measure(project, 100, 0.5, 1.0)
    found = forecast(project).agreement
    assert found is not None
    assert (found.f1, found.is_stable) == (0.9, False)
    assert "hardly differ" not in page(project)


def test_a_run_on_the_same_documents_does_not_undo_the_advice(project: Project) -> None:
    measure(project, 100, 0.5)
    for documents in (120, 140, 140, 160):
        measure(project, documents, 0.5, 1.0)
    found = forecast(project).agreement
    assert found is not None
    assert found.is_stable


def test_models_of_another_recipe_do_not_advise_to_stop(project: Project) -> None:
    measure(project, 100, 0.5, card=configured())
    for documents in (120, 140):
        measure(project, documents, 0.5, 1.0, card=configured())
    measure(project, 160, 0.5, 1.0, card=configured(encoder="scratch"))
    assert forecast(project).agreement is None
    measure(project, 180, 0.5, 1.0, card=configured(encoder="scratch"))
    found = forecast(project).agreement
    assert found is not None
    assert not found.is_stable


def measure_curve(project: Project, **recorded: object) -> None:
    for documents, f1 in ((40, 0.60), (80, 0.68), (120, 0.72), (160, 0.74)):
        measure(project, documents, f1, **recorded)


@pytest.mark.parametrize(
    "other",
    [
        {"card": configured(encoder="scratch")},
        {"card": configured(layer_decay=0.5)},
        {"card": configured(), "start": "checkpoint"},
        {"card": configured(), "partners": [{"project": 7}]},
    ],
)
def test_the_gain_follows_from_the_runs_trained_as_the_newest(
    project: Project, other: dict[str, object]
) -> None:
    measure(project, 20, 0.1, **other)  # type: ignore[arg-type]
    measure_curve(project, card=configured())
    found = forecast(project)
    assert found.gain is not None
    assert found.gain.expected == pytest.approx(3.1, abs=0.05)
    assert "1 measured run with another encoder or other options" in page(project)
    measure(project, 180, 0.55, **other)  # type: ignore[arg-type]
    found = forecast(project)
    assert (found.gain, found.missing, found.others) == (None, 2, 4)


def test_seed_and_device_belong_to_no_recipe(project: Project) -> None:
    measure_curve(project, card=configured())
    measure(project, 180, 0.75, card=configured(seed=2, device="cuda:1"))
    found = forecast(project)
    assert found.gain is not None
    assert found.others == 0
    assert "another encoder" not in page(project)


def test_runs_that_failed_say_nothing(project: Project) -> None:
    measure(project, 80, 0.5)
    measure(project, 100, 0.5, 0.99)
    TrainingRun.objects.create(
        project=project, trigger=Trigger.BUTTON, state="failed", metrics={}
    )
    found = forecast(project).agreement
    assert found is not None
    assert found.f1 == 0.99
