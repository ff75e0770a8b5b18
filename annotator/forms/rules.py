"""Adding one rule, or many at once."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from annotator import rulebook, ruletable
from annotator.models import Project
from annotator.models.rules import RuleKind

# A request checks and compiles every rule; these many take it a few seconds.
LARGEST_TABLE = 1024 * 1024  # bytes of a file, characters of a field
MOST_RULES = 20_000


class RuleForm(forms.Form):
    """One rule as a person writes it."""

    label = forms.ChoiceField(label=_("Label"))
    kind = forms.ChoiceField(label=_("Kind"), choices=RuleKind.choices)
    text = forms.CharField(
        label=_("Text or pattern"),
        max_length=rulebook.LONGEST,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    is_case_sensitive = forms.BooleanField(label=_("Case counts"), required=False)

    def __init__(self, data: Any, project: Project) -> None:
        super().__init__(data)
        self.project = project
        names = project.labels.values_list("name", flat=True)
        choices = [(name, name) for name in names]
        # Django types what is in `fields` as plain fields: this one has choices.
        self.fields["label"].choices = choices  # type: ignore[attr-defined]

    @property
    def entry(self) -> rulebook.Entry:
        return rulebook.Entry(**self.cleaned_data)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.errors:
            try:
                self.rule = rulebook.checked(self.project, self.entry)
            except rulebook.RuleRefused as error:
                self.add_error("text", str(error))
        return cleaned


class TableForm(forms.Form):
    """Many rules: lines pasted, a file, or both."""

    lines = forms.CharField(
        label=_("Lines"),
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 5, "spellcheck": "false", "placeholder": "LOC\tBasel"}
        ),
    )
    file = forms.FileField(label=_("Or choose a file"), required=False)
    largest = LARGEST_TABLE
    exact = forms.BooleanField(label=_("Case counts"), required=False)

    def clean_lines(self) -> str:
        lines: str = self.cleaned_data["lines"]
        _check_size(str(self.fields["lines"].label), len(lines))
        return lines

    def clean_file(self) -> str:
        file = self.cleaned_data["file"]
        if file is None:
            return ""
        _check_size(file.name, file.size)
        try:
            return str(file.read(), "utf-8")
        except UnicodeDecodeError as error:
            raise forms.ValidationError(
                _t("“%(name)s” is not UTF-8 text.") % {"name": file.name}
            ) from error

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.errors:
            return cleaned
        case = self.cleaned_data["exact"]
        self.entries: list[rulebook.Entry] = []
        for field in ("lines", "file"):
            try:
                self.entries += ruletable.parse(
                    self.cleaned_data[field], is_case_sensitive=case
                )
            except rulebook.RuleRefused as error:
                self.add_error(field, str(error))
        if not self.errors and not self.entries:
            self.add_error("lines", _t("There is no line with a rule."))
        if len(self.entries) > MOST_RULES:
            sentence = _t(
                "These are %(count)s rules and this page takes %(most)s at once: "
                "“manage.py rules PROJECT --import FILE” takes any number."
            )
            values = {"count": len(self.entries), "most": MOST_RULES}
            self.add_error(None, sentence % values)
        return cleaned


def _check_size(name: str, size: int) -> None:
    """Refuse what a request cannot read in time.

    Raises:
        ValidationError: it is larger than a page takes.
    """
    if size > LARGEST_TABLE:
        sentence = _t(
            "“%(name)s” is larger than %(size)s MB: “manage.py rules PROJECT --import "
            "FILE” takes tables of any size."
        )
        most = LARGEST_TABLE // 1024**2
        raise forms.ValidationError(sentence % {"name": name, "size": most})
