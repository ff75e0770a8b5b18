"""Creating and changing a project."""

import re
from pathlib import Path
from typing import Any, ClassVar

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from annotator.models import Annotation, Label, Membership, Project
from annotator.models.projects import LANGUAGES_WITHOUT_SPACES, TokenMode
from modeling import names

EDITOR_KEYS = frozenset("sfx")  # the letters of js/keymap.js
LANGUAGES = [
    ("ar", _("Arabic")),
    ("de", _("German")),
    ("en", _("English")),
    ("es", _("Spanish")),
    ("fr", _("French")),
    ("he", _("Hebrew")),
    ("hi", _("Hindi")),
    ("it", _("Italian")),
    ("ja", _("Japanese")),
    ("ko", _("Korean")),
    ("nl", _("Dutch")),
    ("pl", _("Polish")),
    ("pt", _("Portuguese")),
    ("ru", _("Russian")),
    ("th", _("Thai")),
    ("tr", _("Turkish")),
    ("uk", _("Ukrainian")),
    ("vi", _("Vietnamese")),
    ("zh", _("Chinese")),
]


class EncoderInput(forms.TextInput):
    """A text field that offers the encoders everybody has, and takes any other."""

    suggestions: ClassVar = [
        (names.BUNDLED, _("MiniLM, comes with the server")),
        (names.SCRATCH, _("small character-level BERT, trains from nothing")),
        (names.BILSTM, _("BiLSTM-CRF over words, trains from nothing")),
        (names.IDCNN, _("IDCNN-CRF over words, trains from nothing")),
    ]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        rendered = context["widget"]["attrs"]
        rendered |= {"list": f"{rendered['id']}_list", "autocomplete": "off"}
        return context


class ProjectForm(forms.ModelForm):
    """The settings of a project."""

    language = forms.ChoiceField(
        label=_("Language of the texts"), choices=LANGUAGES, initial="en"
    )

    class Meta:
        model = Project
        fields = [
            "name",
            "language",
            "token_mode",
            "allows_overlap",
            "query_strategy",
            "exploration",
            "retrain_every",
            "retrain_hours",
            "encoder",
            "guideline",
        ]
        widgets = {
            "encoder": EncoderInput,
            "guideline": forms.Textarea(attrs={"rows": 14}),
            "exploration": forms.NumberInput(attrs={"min": 0, "max": 1, "step": 0.05}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.instance.language
        names = dict(LANGUAGES)
        if code not in names:
            primary = names.get(code.split("-")[0])
            own = (code, f"{primary} ({code})" if primary else code)
            choices = [own, *LANGUAGES]
            # Django types `fields` as plain fields: this one has choices.
            self.fields["language"].choices = choices  # type: ignore[attr-defined]

        if "exploration" in self.fields:  # left out or empty, it stays as it is
            self.fields["exploration"].required = False

    def clean_exploration(self) -> float:
        share: float | None = self.cleaned_data["exploration"]
        return self.instance.exploration if share is None else share

    def clean_allows_overlap(self) -> bool:
        allows: bool = self.cleaned_data["allows_overlap"]
        if allows or not self.instance.allows_overlap:
            return allows
        layered = Annotation.with_overlaps(self.instance).count()
        if layered:
            sentence = ngettext(
                "%(count)s annotation has spans that overlap; delete one of each "
                "two first.",
                "%(count)s annotations have spans that overlap; delete one of each "
                "two first.",
                layered,
            )
            raise forms.ValidationError(sentence % {"count": layered})
        return allows

    def clean_encoder(self) -> str:
        name = self.cleaned_data["encoder"].strip()
        is_path = name.startswith(("/", ".", "~"))
        if is_path and not (Path(name).expanduser() / "config.json").is_file():
            raise forms.ValidationError(
                _t("The folder “%(path)s” holds no encoder (config.json).")
                % {"path": name}
            )
        return name


class NewProjectForm(ProjectForm):
    """A new project with its labels; the person who makes it becomes its admin."""

    token_mode = forms.ChoiceField(
        label=_("Token mode"),
        choices=[("", _("As the language needs")), *TokenMode.choices],
        required=False,
        help_text=_("What a label can begin and end at."),
    )
    labels = forms.CharField(
        label=_("Labels"),
        required=False,
        help_text=_(
            "Separated by commas, such as PER, LOC, ORG. "
            "Labels found in imported files are added by themselves."
        ),
    )

    class Meta(ProjectForm.Meta):
        fields = ["name", "labels", "language", "token_mode", "encoder", "guideline"]
        widgets = {
            "encoder": EncoderInput,
            "guideline": forms.Textarea(attrs={"rows": 6}),
        }

    def clean_labels(self) -> list[str]:
        # Chinese keyboards write the full-width and the enumeration comma.
        text = re.sub("[\uff0c\u3001]", ",", self.cleaned_data["labels"])
        names = [name.strip() for name in text.split(",") if name.strip()]
        for name in names:
            if any(character.isspace() or character < " " for character in name):
                raise forms.ValidationError(
                    _t("“%(name)s” holds white space: a label is one word.")
                    % {"name": name}
                )
            if len(name) > 80:
                raise forms.ValidationError(
                    _t("“%(name)s…” is longer than 80 characters.")
                    % {"name": name[:20]}
                )
        return list(dict.fromkeys(names))

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.cleaned_data.get("token_mode"):
            spaceless = self.cleaned_data.get("language") in LANGUAGES_WITHOUT_SPACES
            mode = TokenMode.CHARACTERS if spaceless else TokenMode.UNICODE_WORDS
            self.cleaned_data["token_mode"] = mode
        return cleaned

    @transaction.atomic
    def create(self, by: Any) -> Project:
        project: Project = self.save()
        Membership.objects.create(project=project, user=by, role="admin")
        project.ensure_labels(self.cleaned_data["labels"])
        return project


class LabelForm(forms.ModelForm):
    class Meta:
        model = Label
        fields = ["color", "name", "shortcut", "note"]
        widgets = {
            "color": forms.TextInput(attrs={"type": "color"}),
            "shortcut": forms.TextInput(attrs={"autocomplete": "off"}),
            "note": forms.TextInput(),
        }

    def clean_shortcut(self) -> str:
        key = str(self.cleaned_data["shortcut"]).lower()
        if key in EDITOR_KEYS:
            raise forms.ValidationError(
                _t("“%(key)s” is a key of the editor.") % {"key": key}
            )
        return key


class BaseLabelFormSet(forms.BaseModelFormSet):
    """All labels of a project at once, so that two may swap name or shortcut."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """Name each field after the head of its column and the label of its row."""
        super().add_fields(form, index)
        row = f"id_{form.add_prefix('name')}"
        for name, field in form.fields.items():
            field.widget.attrs["aria-labelledby"] = f"column-{name} {row}"

    def clean(self) -> None:
        super().clean()
        kept = [
            form.cleaned_data
            for form in self.forms
            if form.is_valid() and not form.cleaned_data.get("DELETE")
        ]
        # Labels that came while the page was open count too, and stay as they are.
        shown = {form.instance.pk for form in self.initial_forms}
        new = [label for label in self.get_queryset() if label.pk not in shown]
        kept += [{"name": label.name, "shortcut": label.shortcut} for label in new]
        for field, sentence in (
            ("name", _("The name “%(value)s” is used twice.")),
            ("shortcut", _("The shortcut “%(value)s” is used twice.")),
        ):
            values = [data[field] for data in kept if data.get(field)]
            for value in dict.fromkeys(v for v in values if values.count(v) > 1):
                raise forms.ValidationError(str(sentence) % {"value": value})
        for form in self.deleted_forms:
            self._refuse_used(form.instance)

    def _refuse_used(self, label: Label) -> None:
        used = label.spans.count() if label.pk else 0
        if used:
            raise forms.ValidationError(
                ngettext(
                    "“%(name)s” marks %(count)s span and cannot be deleted. "
                    "Give it another label first.",
                    "“%(name)s” marks %(count)s spans and cannot be deleted. "
                    "Give them another label first.",
                    used,
                )
                % {"name": label.name, "count": used}
            )

    @transaction.atomic
    def store(self, project: Project) -> None:
        """Save every row; names and shortcuts are freed first for swaps."""
        gone = [form.instance.pk for form in self.deleted_forms if form.instance.pk]
        project.labels.filter(pk__in=gone).delete()
        kept = [f.instance for f in self.initial_forms if f not in self.deleted_forms]
        for number, label in enumerate(kept):
            project.labels.filter(pk=label.pk).update(name=f"\x1f{number}", shortcut="")
        for label in kept:
            label.save()
        for form in self.extra_forms:
            if form.has_changed() and form not in self.deleted_forms:
                form.instance.project = project
                form.instance.position = project.labels.count()
                form.instance.save()


LabelFormSet: Any = forms.modelformset_factory(
    Label, form=LabelForm, formset=BaseLabelFormSet, extra=1, can_delete=True
)
