"""How far a new model still differs from the one before it, where nobody annotated."""

from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef

from annotator.models import Annotation, Project
from tasks.prediction import load_tagger, predicted_spans

if TYPE_CHECKING:
    from modeling.tagger import Tagger

SAMPLE = 200  # documents


def agreement_with_previous(
    project: Project, tagger: "Tagger", labels: dict[str, int]
) -> dict[str, Any] | None:
    """Compare what two models in a row find in the same unlabelled documents.

    The documents are the last ones of the pool in its random order, so they stay the
    same from run to run until somebody annotates one of them, which then leaves: both
    models should meet them unprepared.

    Args:
        project: Whose pool is read.
        tagger: The new model.
        labels: Its labels and their primary keys.

    Returns:
        ``f1`` of one model's spans against the other's, the number of ``documents``,
        and the ``checkpoint`` compared with; None without a model before it that is
        still kept, without unlabelled documents, or where neither finds a span.
    """
    from modeling.examples import Example
    from modeling.stopping import span_agreement

    kept = project.checkpoints.exclude(folder="")
    previous = kept.order_by("-pk").first()
    if previous is None:
        return None
    touched = Annotation.objects.filter(document=OuterRef("pk"))
    untouched = project.documents.filter(~Exists(touched), split="pool")
    sample = untouched.order_by("-shuffle_key", "-pk").select_related("project")
    examples = [
        Example(document.text, tuple(document.tokenize()), ())
        for document in sample[:SAMPLE]
    ]
    before = predicted_spans(load_tagger(previous), examples, project, previous.labels)
    now = predicted_spans(tagger, examples, project, labels)
    f1 = span_agreement(before, now)
    if f1 is None:
        return None
    return {"f1": f1, "documents": len(examples), "checkpoint": previous.pk}
