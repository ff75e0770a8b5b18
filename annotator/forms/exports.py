"""What an export holds and how it is written."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from annotator.export_options import (
    EVERYBODY,
    GOLD,
    ExportOptions,
    ExportRefused,
    check,
    named,
    parse_ratio,
)
from annotator.formats import OUTPUTS
from annotator.keeping import ALONE, RECEIPT, WITH_REPORT
from annotator.models import Annotation, Project
from annotator.models.edits import State
from annotator.models.projects import TokenMode
from modeling.tagging import SCHEMES

DEFAULTS = ExportOptions()
SCHEME_NAMES = {"iob1": "IOB1 (BIO1)", "iob2": "IOB2 (BIO2)"}
STATES = [
    (State.SUBMITTED, _("submitted")),
    (State.FLAGGED, _("flagged")),
    (State.OPEN, _("in progress")),
]


class ExportForm(forms.Form):
    format = forms.ChoiceField(
        label=_("Format"),
        choices=[(output.name, output.title) for output in OUTPUTS.values()],
        initial=DEFAULTS.format,
    )
    annotated_by = forms.ChoiceField(label=_("Annotations of"), required=False)
    scheme = forms.ChoiceField(
        label=_("Tag scheme"),
        choices=[(name, SCHEME_NAMES.get(name, name.upper())) for name in SCHEMES],
        initial=DEFAULTS.scheme,
        required=False,
        help_text=_("For CoNLL columns and Hugging Face."),
    )
    tokens = forms.ChoiceField(
        label=_("Tokens"),
        choices=[("", _("as imported, else the project's")), *TokenMode.choices],
        required=False,
        help_text=_("For formats that need tokens."),
    )
    ratio = forms.CharField(
        label=_("Split into train, dev and test"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"placeholder": "80/10/10"}),
        help_text=_("Empty for one file. A text stays in its part in later exports."),
    )
    seed = forms.IntegerField(
        label=_("Seed of the split"),
        initial=DEFAULTS.seed,
        min_value=0,
        max_value=2**31 - 1,
        required=False,
        help_text=_("Another number draws other parts."),
    )
    states = forms.MultipleChoiceField(
        label=_("State"),
        choices=STATES,
        initial=[State.SUBMITTED],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one state.")},
    )
    labels = forms.MultipleChoiceField(
        label=_("Labels"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("None chosen: all of them."),
    )
    has_suggestions = forms.BooleanField(
        label=_("With suggestions"),
        required=False,
        help_text=_(
            "Beside the spans, also of documents that nobody has annotated. JSON lines "
            "and Label Studio hold them."
        ),
    )
    package = forms.ChoiceField(
        label=_("Download"),
        choices=[
            (WITH_REPORT, _("a zip with the file and its receipt")),
            (ALONE, _("the file alone")),
            (RECEIPT, _("the receipt alone")),
        ],
        help_text=_(
            "The receipt names every span that the format cannot hold exactly."
        ),
    )

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        theirs = Annotation.objects.filter(
            user=OuterRef("pk"), document__project=project, is_gold=False
        )
        people = get_user_model().objects.filter(Exists(theirs)).order_by("username")
        names = people.values_list("username", flat=True)
        labels = project.labels.values_list("name", flat=True)
        choices: dict[str, list[tuple[str, Any]]] = {
            "labels": [(name, name) for name in labels],
            "annotated_by": [
                ("", _("gold, else the newest")),
                (GOLD, _("gold only")),
                (EVERYBODY, _("everybody: a document once for each")),
                *((named(name), name) for name in names),
            ],
        }
        # Django types what is in `fields` as plain fields: these have choices.
        for name, values in choices.items():
            field: forms.ChoiceField = self.fields[name]  # type: ignore[assignment]
            field.choices = values

    def clean_ratio(self) -> tuple[int, ...]:
        try:
            return parse_ratio(self.cleaned_data["ratio"])
        except ExportRefused as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> None:
        if not self.errors:
            try:
                check(self.project, self.options)
            except ExportRefused as error:
                raise forms.ValidationError(str(error)) from error

    @property
    def options(self) -> ExportOptions:
        cleaned = self.cleaned_data
        return ExportOptions(
            format=cleaned["format"],
            scheme=cleaned["scheme"] or DEFAULTS.scheme,
            tokens=cleaned["tokens"] or None,
            annotated_by=cleaned["annotated_by"] or None,
            states=tuple(cleaned["states"]),
            labels=tuple(cleaned["labels"]),
            has_suggestions=cleaned["has_suggestions"],
            ratio=cleaned["ratio"],
            seed=cleaned["seed"] or 0,
        )
