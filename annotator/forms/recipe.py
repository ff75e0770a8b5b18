"""The settings of a project with its training options and partners."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from annotator import access, rulebook
from annotator.forms.projects import ProjectForm
from annotator.models import Project
from modeling.configuration import DEFAULT_START, TrainingConfig, option_range

DEFAULTS = TrainingConfig()
CHOICES = {
    "adaptation": {
        "none": _("Nothing"),
        "texts": _("The encoder reads the texts of the project"),
    },
    "start": {
        "encoder": _("The encoder as it was published"),
        "checkpoint": _("The model in use"),
    },
    "schedule": {
        "linear": _("Linear: up for a tenth, then down to nothing"),
        "slanted": _("Slanted triangle"),
        "constant": _("Constant: up for a tenth, then level"),
    },
    "unfreezing": {
        "none": _("All layers from the start"),
        "gradual": _("Gradually, from the top layer down"),
    },
    "auxiliary": {
        "none": _("None"),
        "boundary": _("Where spans begin and end"),
        "r_drop": _("Agreement of two readings (R-Drop)"),
        "contrastive": _("Contrast between labels"),
    },
}


def _choice(
    name: str, label: Any, default: str, help_text: Any = ""
) -> forms.ChoiceField:
    """A choice that may be left to the default."""
    of_default = format_lazy(_("Default: {value}"), value=CHOICES[name][default])
    choices = [("", of_default), *CHOICES[name].items()]
    return forms.ChoiceField(
        label=label, choices=choices, required=False, help_text=help_text
    )


def _number(
    kind: type[forms.IntegerField], name: str, label: Any, help_text: Any = ""
) -> forms.IntegerField:
    """A number that may be left empty for the default."""
    least, most = (kind().to_python(limit) for limit in option_range(name))
    default = getattr(DEFAULTS, name)
    attributes = {"placeholder": "" if default is None else str(default)}
    if kind is forms.FloatField:
        attributes["step"] = "any"
    return kind(
        label=label,
        help_text=help_text,
        required=False,
        min_value=least,
        max_value=most,
        widget=forms.NumberInput(attrs=attributes),
    )


class SettingsForm(ProjectForm):
    """What an admin may change; an option left empty follows the defaults."""

    partners = forms.ModelMultipleChoiceField(
        label=_("Learns together with"),
        queryset=Project.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Projects whose answers train the same encoder; each keeps labels and "
            "a model of its own. No text is shown to anybody else."
        ),
    )
    adaptation = _choice(
        "adaptation",
        _("Before the first training"),
        DEFAULTS.adaptation,
        _(
            "It guesses masked words of the documents in the pool, once for all "
            "trainings from the encoder, and again when their number has doubled. That "
            "takes minutes without a GPU. With the bundled encoder it helped up to "
            "about a hundred answers in edited text and cost later: compare runs."
        ),
    )
    start = _choice("start", _("Training starts from"), DEFAULT_START)
    schedule = _choice("schedule", _("Learning rate over time"), DEFAULTS.schedule)
    unfreezing = _choice("unfreezing", _("Layers that learn"), DEFAULTS.unfreezing)
    auxiliary = _choice("auxiliary", _("Second loss"), DEFAULTS.auxiliary)
    frozen_layers = _number(
        forms.IntegerField,
        "frozen_layers",
        _("Frozen parts of the encoder"),
        _(
            "0 for none, 1 for the embeddings, 3 for these and the lowest 2 layers. "
            "Empty: the embeddings of encoders that were trained before."
        ),
    )
    layer_decay = _number(
        forms.FloatField,
        "layer_decay",
        _("Rate of a layer relative to the one above"),
        _("From 0.1 to 1."),
    )
    encoder_learning_rate = _number(
        forms.FloatField,
        "encoder_learning_rate",
        _("Learning rate of the encoder"),
        _("Empty: by the encoder's size, such as 0.0002 for the bundled one."),
    )
    epochs = _number(forms.IntegerField, "epochs", _("Passes over the documents"))
    max_steps = _number(
        forms.IntegerField,
        "max_steps",
        _("Most steps"),
        _("Empty: as the server is set up."),
    )

    ends_hidden = forms.BooleanField(
        label=_("Stop learning together with projects that you do not see"),
        required=False,
        help_text=_("An admin of theirs chose this project; both sides may end it."),
    )

    class Meta(ProjectForm.Meta):
        fields = [*ProjectForm.Meta.fields, "has_fast_lane", "partners"]

    options = (
        *(
            "adaptation",
            "start",
            "schedule",
            "unfreezing",
            "frozen_layers",
            "auxiliary",
        ),
        *("layer_decay", "encoder_learning_rate", "epochs", "max_steps"),
    )

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        """Offer the projects that this person administers as partners."""
        super().__init__(*args, **kwargs)
        self.fields["max_steps"].widget.attrs.pop("placeholder")
        for name in self.options:
            self.fields[name].initial = self.instance.recipe.get(name)
        offered: QuerySet[Project] = access.administered_by(by)
        self._offered = offered.exclude(pk=self.instance.pk)
        # Django types what is in `fields` as plain fields: this one has a queryset.
        self.fields["partners"].queryset = self._offered  # type: ignore[attr-defined]
        partners: QuerySet[Project] = self.instance.partners
        self._hidden = partners.exclude(pk__in=self._offered.values("pk"))

    @property
    def general(self) -> list[forms.BoundField]:
        """The project's own fields."""
        apart = (*self.options, "has_fast_lane", "partners", "ends_hidden")
        return [field for field in self if field.name not in apart]

    @property
    def training(self) -> list[forms.BoundField]:
        """The training options, behind the partners if there may be any."""
        names: tuple[str, ...] = (*self.options, "has_fast_lane")
        if self._offered.exists():
            names = (*names, "partners")
        if self._hidden.exists():
            names = (*names, "ends_hidden")
        return [self[name] for name in names]

    def clean_partners(self) -> QuerySet[Project]:
        """Keep the partners that this person may not see, unless asked to end it."""
        chosen = self.cleaned_data["partners"]
        is_ended = self.data.get("ends_hidden")
        kept = self._hidden.none() if is_ended else self._hidden
        keys = [
            *chosen.values_list("pk", flat=True),
            *kept.values_list("pk", flat=True),
        ]
        return Project.objects.filter(pk__in=keys)

    def save(self, commit: bool = True) -> Project:
        """Write the options down that were chosen; no other is kept."""
        chosen = {name: self.cleaned_data.get(name) for name in self.options}
        kept = {n: v for n, v in self.instance.recipe.items() if n not in self.options}
        self.instance.recipe = kept | {
            name: value for name, value in chosen.items() if value not in (None, "")
        }
        project: Project = super().save(commit)
        if "token_mode" in self.changed_data:  # models and rules read all texts anew
            project.documents.update(checkpoint=None)
            rulebook.read_anew(project)
        return project
