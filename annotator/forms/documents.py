"""Which documents a list shows, and in what order."""

from typing import Any

from django import forms
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Greatest, Length, Lower, StrIndex, Substr
from django.utils.translation import gettext_lazy as _

from annotator.models import Annotation, Document, Label, Project, Span, Suggestion
from annotator.models.documents import Split

EXCERPT = 240
BEFORE_HIT = 80
ORDERS: dict[str, list[Any]] = {
    "confidence": [F("confidence").asc(nulls_last=True), "shuffle_key", "pk"],
    "newest": ["-pk"],
    "oldest": ["pk"],
}


class DocumentFilter(forms.Form):
    """The filter row above the list; whatever does not validate filters nothing."""

    q = forms.CharField(label=_("Search"), required=False)
    split = forms.ChoiceField(
        label=_("Split"), choices=[("", _("any")), *Split.choices], required=False
    )
    state = forms.ChoiceField(
        label=_("State"),
        choices=[
            ("", _("any")),
            ("waiting", _("to annotate")),
            ("open", _("in progress")),
            ("submitted", _("submitted")),
            ("flagged", _("flagged")),
            ("skipped", _("skipped")),
        ],
        required=False,
    )
    label = forms.ModelChoiceField(
        label=_("Label"),
        queryset=Label.objects.none(),
        required=False,
        empty_label=_("any"),
    )
    suggestions = forms.ChoiceField(
        label=_("Suggestions"),
        choices=[("", _("any")), ("yes", _("has some")), ("no", _("has none"))],
        required=False,
    )
    order = forms.ChoiceField(
        label=_("Order"),
        choices=[
            ("confidence", _("least certain first")),
            ("newest", _("newest first")),
            ("oldest", _("as imported")),
        ],
        required=False,
    )

    def __init__(self, data: Any, project: Project) -> None:
        super().__init__(data)
        self.project = project
        # Django types what is in `fields` as plain fields: this one chooses models.
        labels: forms.ModelChoiceField = self.fields["label"]  # type: ignore[assignment]
        labels.queryset = project.labels.all()
        self.fields["q"].widget.attrs |= {"type": "search", "autocomplete": "off"}
        self.full_clean()

    @property
    def is_active(self) -> bool:
        """Whether the list may be shorter than the project."""
        return any(v for name, v in self.cleaned_data.items() if name != "order")

    def documents(self) -> QuerySet[Document]:
        """The documents to list, without their texts but with an excerpt."""
        wanted = self.cleaned_data
        found = self.project.documents.defer("text", "tokens", "sentence_starts")
        if wanted.get("split"):
            found = found.filter(split=wanted["split"])
        if wanted.get("q"):
            text = Q(text__icontains=wanted["q"])
            found = found.filter(text | Q(external_id__icontains=wanted["q"]))
        found = self._by_label(self._by_state(found))
        order = ORDERS[wanted.get("order") or "confidence"]
        return self._with_excerpt(found).order_by(*order)

    def _by_state(self, found: QuerySet[Document]) -> QuerySet[Document]:
        state = self.cleaned_data.get("state")
        annotations = Annotation.objects.filter(document=OuterRef("pk"))
        if state == "waiting":
            done = Q(is_gold=True) | Q(state__in=["submitted", "flagged"])
            return found.filter(~Exists(annotations.filter(done)))
        if state:
            return found.filter(Exists(annotations.filter(state=state)))
        return found

    def _by_label(self, found: QuerySet[Document]) -> QuerySet[Document]:
        label = self.cleaned_data.get("label")
        suggestions = Suggestion.objects.filter(document=OuterRef("pk"))
        if label:
            spans = Span.objects.filter(
                label=label, annotation__document=OuterRef("pk")
            )
            proposed = suggestions.filter(label=label)
            found = found.filter(Exists(spans) | Exists(proposed))
        if self.cleaned_data.get("suggestions") == "yes":
            found = found.filter(Exists(suggestions))
        elif self.cleaned_data.get("suggestions") == "no":
            found = found.filter(~Exists(suggestions))
        return found

    def _with_excerpt(self, found: QuerySet[Document]) -> QuerySet[Document]:
        """The beginning, or what surrounds the first hit of a search."""
        start: Any = Value(1)
        sought = self.cleaned_data.get("q")
        if sought:
            hit = StrIndex(Lower("text"), Lower(Value(sought)))
            start = Greatest(hit - BEFORE_HIT, Value(1))
        return found.annotate(
            excerpt_start=start,
            excerpt=Substr("text", start, EXCERPT),
            length=Length("text"),
        )
