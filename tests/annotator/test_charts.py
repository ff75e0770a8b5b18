"""The geometry of the pictures."""

import pytest
from django.template.loader import render_to_string

from annotator import charts
from annotator.statistics import CurvePoint, Histogram


@pytest.mark.parametrize(
    ("highest", "step"),
    [(0, 1), (1, 1), (4, 1), (5, 2), (8, 2), (9, 5), (20, 5), (21, 10), (900, 500)],
)
def test_steps_are_round_and_at_most_four(highest: int, step: int) -> None:
    assert charts.nice_step(highest) == step


def test_the_highest_bar_stays_inside_and_an_empty_bin_has_no_height() -> None:
    counts = (0,) * 18 + (7, 3)
    chart = charts.histogram(Histogram(0.4, 1.0, counts, 0.9))
    frame = chart.frame
    assert len(chart.bars) == 20
    assert chart.bars[0].height == 0
    highest = chart.bars[18]
    assert frame.top <= highest.y < frame.bottom
    assert highest.y + highest.height == pytest.approx(frame.bottom)
    assert (highest.start, highest.end, highest.count) == ("0.94", "0.97", 7)
    right = chart.bars[19].x + chart.bars[19].width
    assert right <= frame.right


def test_the_learning_curve_goes_by_documents_and_higher_f1_is_higher_up() -> None:
    data = [
        CurvePoint(1, 20, 0.4, 0.3, 0.5, True),
        CurvePoint(3, 60, 0.7, 0.6, 0.8, True),
        CurvePoint(2, 40, 0.6, 0.5, 0.7, False),
    ]
    chart = charts.learning_curve(data)
    assert [point.value.run for point in chart.points] == [1, 2, 3]
    assert [p.x for p in chart.points] == sorted(p.x for p in chart.points)
    assert chart.points[0].y > chart.points[1].y > chart.points[2].y
    assert chart.points[0].high < chart.points[0].y < chart.points[0].low
    assert chart.path.startswith("M") and chart.path.count("L") == 2


def test_the_line_leaves_out_runs_of_another_recipe() -> None:
    data = [
        CurvePoint(1, 20, 0.4, 0.3, 0.5, True),
        CurvePoint(2, 40, 0.1, 0.0, 0.2, True, is_like_newest=False),
        CurvePoint(3, 60, 0.7, 0.6, 0.8, True),
    ]
    chart = charts.learning_curve(data)
    assert len(chart.points) == 3
    assert chart.path.count("L") == 1
    text = render_to_string("charts/learning_curve.html", {"chart": chart})
    assert text.count("chart__point--other") == 1


def test_a_curve_of_one_point_is_drawn() -> None:
    chart = charts.learning_curve([CurvePoint(1, 20, 0.4, 0.3, 0.5, True)])
    assert len(chart.points) == 1


def test_loss_takes_the_steps_and_f1_the_epochs() -> None:
    history = [
        {"step": 1, "loss": 8.0},
        {"step": 6, "loss": 5.0},
        {"step": 6, "loss": 99.0, "epoch": 0, "dev_f1": 0.2},
        {"step": 12, "loss": 99.0, "epoch": 1},
        {"step": 18, "loss": 99.0, "epoch": 2, "dev_f1": 0.4},
    ]
    loss = charts.progress_line(history, "loss")
    assert loss is not None
    assert [point.value for point in loss.points] == [(1, 8.0), (6, 5.0)]
    f1 = charts.progress_line(history, "dev_f1")
    assert f1 is not None
    assert [point.value for point in f1.points] == [(6, 0.2), (18, 0.4)]
    assert charts.progress_line(history[:1], "loss") is None


@pytest.mark.parametrize("highest", [0.03, 0.5, 1.0, 2.5, 9.2, 250.0])
def test_a_quantity_never_leaves_its_axis(highest: float) -> None:
    axis, ticks = charts.quantity_axis(highest, 100, 0)
    assert 0 <= axis(highest) <= 100
    assert axis(0) == 100
    assert [tick.at for tick in ticks] == sorted((t.at for t in ticks), reverse=True)


def test_strategies_are_drawn_by_tokens_with_their_bands() -> None:
    rows = [[100, 0.4, 0.3, 0.5], [200, 0.6, 0.5, 0.7]]
    runs = [
        CurvePoint(1, 20, 0.5, 0.4, 0.6, True, 250),
        CurvePoint(2, 30, 0.6, 0.5, 0.7, True),  # of before tokens were counted
    ]
    chart = charts.yardstick(runs, {"mnlp": rows, "random": rows})
    assert [band.series for band in chart.bands] == ["0", "random"]
    [point] = chart.points
    assert chart.frame.left < point.x <= chart.frame.right
    first = chart.bands[0]
    assert first.path.count("L") == 1
    assert first.area.count("L") == 3 and first.area.endswith("Z")


def test_a_reliable_model_s_points_lie_on_the_diagonal() -> None:
    rows = [[0.0, 0.5, 0.25, 0.25, 4], [0.5, 0.8, 0.6, 0.0, 0], [0.8, 1, 0.9, 0.9, 7]]
    chart = charts.reliability(rows)
    assert len(chart.bars) == len(chart.points) == 2  # the empty bin is left out
    left, bottom = chart.frame.left, chart.frame.bottom
    side = chart.frame.right - left
    for point in chart.points:
        right = (point.x - left) / side
        up = (bottom - point.y) / (bottom - chart.frame.top)
        assert right == pytest.approx(up, abs=0.001)
    for bar in chart.bars:
        assert bar.y + bar.height == pytest.approx(bottom, abs=0.02)
