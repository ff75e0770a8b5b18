"""The temperature of a freshly trained model, and how honest its confidences are."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modeling.examples import Example
    from modeling.tagger import Tagger


def calibrate(
    tagger: "Tagger", held_out: "Sequence[Example]", judged: "Sequence[Example]"
) -> dict[str, Any]:
    """Fit the tagger's temperature and curve, and measure its confidences.

    The scaling that is kept comes from all documents that the model has not learnt
    from: those that decided when to stop, and the evaluation slice. What is reported
    is cross-fitted: each half of the evaluation slice is scaled by a temperature and
    a curve of the other half and of the held-out documents, so no span is judged under
    a scaling that knew its answer.

    Args:
        tagger: Just trained; gets temperature and curve.
        held_out: Documents of early stopping, none when there are too few.
        judged: The evaluation slice as far as it is annotated.

    Returns:
        For the checkpoint's metrics: ``temperature``; ``calibration_spans``, how many
        spans it was fitted to, and ``calibration_is_thin`` when those are fewer than
        wanted; of the evaluation slice ``ece``, ``ece_unscaled``, ``ece_by_chance``
        (what a perfect model of its size would show), ``auroc`` and ``reliability``
        ([low, high, mean confidence, share right, count] of each bin), None or empty
        where no span was proposed in it.
    """
    from modeling import calibration
    from modeling.temperature import cross_fit, fit, fit_bent, propose

    seen, slice_ = propose(tagger, held_out), propose(tagger, judged)
    tagger.temperature = fit([seen, slice_])
    tagger.curve = fit_bent([seen, slice_], tagger.temperature)
    count = len(seen.is_right) + len(slice_.is_right)
    metrics: dict[str, Any] = {
        "temperature": round(tagger.temperature, 4),
        "calibration_spans": count,
        "calibration_is_thin": count < calibration.ENOUGH_SPANS,
        "ece": None,
        "ece_unscaled": None,
        "ece_by_chance": None,
        "auroc": None,
        "reliability": [],
    }
    right = slice_.is_right
    if not right:
        return metrics
    scaled = cross_fit(slice_, [seen])
    auroc = calibration.auroc(scaled, right)
    bins = calibration.reliability(scaled, right)
    return metrics | {
        "ece": calibration.calibration_error(scaled, right),
        "ece_unscaled": calibration.calibration_error(slice_.confidences(1.0), right),
        "ece_by_chance": calibration.expected_error_if_calibrated(scaled),
        "auroc": None if math.isnan(auroc) else auroc,
        "reliability": [[round(value, 6) for value in row] for row in bins],
    }
