"""The model card of a checkpoint in the database."""

from typing import Any

from annotator import access
from annotator.models import Checkpoint, Project
from modeling.card import Card, Partner
from modeling.names import OVER_WORDS


def card_of(checkpoint: Checkpoint, reader: Any = None) -> Card:
    """The card for a reader, or for anybody: who may not see a partner learns no name.

    A partner counts as what it was when the model was trained; one that was deleted
    since is nobody's to see.
    """
    metrics = checkpoint.metrics
    partners = metrics.get("partners") or []
    may_see = access.projects_of(reader) if reader else Project.objects.none()
    keys = may_see.values_list("pk", flat=True)
    seen = set(keys.filter(pk__in=[one["project"] for one in partners]))
    named = [one for one in partners if one["project"] in seen]
    return Card(
        project=checkpoint.project.name,
        version=checkpoint.pk,
        language=checkpoint.project.language,
        labels=list(checkpoint.labels),
        encoder=checkpoint.encoder,
        facts=metrics.get("card") or {},
        metrics=metrics,
        needs_project=checkpoint.encoder in OVER_WORDS,  # Hugging Face has none of them
        partners=[Partner(o["name"], o["labels"], o["documents"]) for o in named],
        unnamed_partners=len(partners) - len(named),
    )
