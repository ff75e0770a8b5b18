"""What an export holds and how it is written."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotator.exports import SCHEMES, ExportOptions
from annotator.formats import WRITERS
from annotator.models import Annotation, Project
from annotator.models.edits import State
from annotator.models.projects import TokenMode

FORMAT_NAMES = {
    "conll2003": _("CoNLL-2003 columns"),
    "conll2002": _("CoNLL-2002 columns"),
    "jsonl": _("JSON lines"),
    "label-studio": "Label Studio",
    "brat": "brat",
}
SUFFIXES = {
    "conll2003": "conll",
    "conll2002": "conll",
    "jsonl": "jsonl",
    "label-studio": "json",
    "brat": "zip",
}
DEFAULTS = ExportOptions()
STATES = [
    (State.SUBMITTED, _("submitted")),
    (State.FLAGGED, _("flagged")),
    (State.OPEN, _("in progress")),
]


class ExportForm(forms.Form):
    format = forms.ChoiceField(label=_("Format"), initial=DEFAULTS.format)
    scheme = forms.ChoiceField(
        label=_("Tag scheme"),
        choices=[(name, name.upper()) for name in SCHEMES],
        initial=DEFAULTS.scheme,
        required=False,
        help_text=_("For CoNLL columns."),
    )
    tokens = forms.ChoiceField(
        label=_("Tokens"),
        choices=[("", _("as imported, else the project's")), *TokenMode.choices],
        required=False,
        help_text=_("For CoNLL columns."),
    )
    annotated_by = forms.ChoiceField(label=_("Annotations of"), required=False)
    states = forms.MultipleChoiceField(
        label=_("State"),
        choices=STATES,
        initial=[State.SUBMITTED],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one state.")},
    )
    package = forms.ChoiceField(
        label=_("Download"),
        choices=[
            ("zip", _("a zip with the file and its receipt")),
            ("file", _("the file alone")),
            ("receipt", _("the receipt alone")),
        ],
        help_text=_(
            "The receipt names every span that the format cannot hold exactly."
        ),
    )

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Annotation.objects.filter(
            document__project=project, is_gold=False
        ).order_by("user__username")
        names = people.values_list("user__username", flat=True).distinct()
        choices: dict[str, list[tuple[str, Any]]] = {
            "format": [(name, FORMAT_NAMES.get(name, name)) for name in WRITERS],
            "annotated_by": [
                ("", _("gold, else the newest")),
                ("gold", _("gold only")),
                *((name, name) for name in names),
            ],
        }
        for name, values in choices.items():
            field: forms.ChoiceField = self.fields[name]  # type: ignore[assignment]
            field.choices = values

    @property
    def options(self) -> ExportOptions:
        cleaned = self.cleaned_data
        return ExportOptions(
            format=cleaned["format"],
            scheme=cleaned["scheme"] or DEFAULTS.scheme,
            tokens=cleaned["tokens"] or None,
            annotated_by=cleaned["annotated_by"] or None,
            states=tuple(cleaned["states"]),
        )

    @property
    def suffix(self) -> str:
        return SUFFIXES.get(self.cleaned_data["format"], "txt")
