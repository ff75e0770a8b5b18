"""Uploading files and saying how they are to be read."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from annotator import access
from annotator.formats import FORMATS, encodings
from annotator.models import Project
from annotator.models.documents import Split
from annotator.opening import ImportOptions

FORMAT_NAMES = {
    "text": _("Plain text"),
    "jsonl": _("JSON lines"),
    "tagged-jsonl": _("JSON lines of tokens and tags (Hugging Face)"),
    "conll": _("CoNLL"),
    "conllu": "CoNLL-U",
    "conll2012": "CoNLL-2012",
    "iob-lines": _("IOB lines (a sentence a line, word|tag)"),
    "table": _("CSV or TSV"),
    "xlsx": _("Excel workbook"),
    "label-studio": "Label Studio",
    "lighttag": "LightTag",
    "brat": "brat",
    "webanno-tsv": "WebAnno TSV",
    "xmi": "UIMA CAS XMI",
    "uima-json": "UIMA CAS JSON",
    "bioc": "BioC XML",
    "pubtator": "PubTator",
    "pubannotation": "PubAnnotation",
    "spacy-json": _("spaCy JSON (training data, or pairs of text and entities)"),
    "docbin": "spaCy DocBin",
    "w3c-annotation": "W3C Web Annotation",
    "yedda": "YEDDA",
}
LARGEST_UNIT = 10_000  # sentences in one document


def check_encoding(name: str) -> None:
    try:
        encodings.stated(name, b"")
    except encodings.UnknownEncoding as error:
        sentence = _t("There is no encoding “%(name)s”.") % {"name": name}
        raise forms.ValidationError(sentence) from error


class OptionsForm(forms.Form):
    """How files are read, and whose annotations they hold."""

    format = forms.ChoiceField(label=_("Format"))
    document = forms.ChoiceField(
        label=_("A document is"),
        choices=[
            ("sentence", _("a sentence (CoNLL) or a line (text)")),
            ("blank-lines", _("so many sentences or paragraphs")),
            ("docstart", _("what follows a -DOCSTART- line")),
            ("file", _("the whole file")),
        ],
        help_text=_("JSON lines hold a document a line in any case."),
    )
    count = forms.IntegerField(
        label=_("How many"), initial=10, min_value=1, max_value=LARGEST_UNIT
    )
    encoding = forms.CharField(
        label=_("Encoding"),
        required=False,
        max_length=40,
        help_text=_("Such as GB18030; empty to look for it."),
        validators=[check_encoding],
    )
    split = forms.ChoiceField(
        label=_("Split"),
        choices=[("", _("a random tenth is for evaluation")), *Split.choices],
        required=False,
    )
    text_column = forms.CharField(
        label=_("Text column"),
        required=False,
        max_length=200,
        help_text=_(
            "Of a table its heading or number, of JSON lines the key, of CoNLL the "
            "numbers of token and tag, such as 1/4; empty to look for it."
        ),
    )
    new_labels = forms.ChoiceField(
        label=_("Labels the project does not have"),
        choices=[("create", _("are created")), ("refuse", _("are bad lines"))],
        required=False,
    )
    annotated_by = forms.ChoiceField(
        label=_("The file's annotations are"),
        required=False,
        help_text=_(
            "Kept as that person's submitted work, as adjudicated gold, or as "
            "suggestions that somebody confirms."
        ),
    )

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        formats = [(name, FORMAT_NAMES.get(name, name)) for name in FORMATS]
        people = project.memberships.filter(role__in=access.MAY_ANNOTATE)
        names = [(str(m.user_id), str(m.user)) for m in people.select_related("user")]
        choices: dict[str, list[tuple[str, Any]]] = {
            "format": [("auto", _("recognise it")), *formats],
            "annotated_by": [
                ("", _("left out")),
                ("gold", _("gold")),
                ("suggestions", _("suggestions")),
                *names,
            ],
        }
        # Django types what is in `fields` as plain fields: these have choices.
        for name, values in choices.items():
            field: forms.ChoiceField = self.fields[name]  # type: ignore[assignment]
            field.choices = values

    @property
    def options(self) -> dict[str, str]:
        """The cleaned values, as a waiting upload keeps them."""
        names = list(OptionsForm.base_fields)
        return {name: str(self.cleaned_data[name]) for name in names}


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list) and data else [None]
        return [super(ManyFilesField, self).clean(file, initial) for file in files]


class UploadForm(OptionsForm):
    uploads = ManyFilesField(
        label=_("Files"), error_messages={"required": _("Choose at least one file.")}
    )

    field_order = ["uploads"]


def import_options(
    kept: dict[str, str], file_name: str, skip_bad: bool = False
) -> ImportOptions:
    """What the kept values of an upload say to the importer."""
    unit = kept["document"]
    annotator: Any = kept["annotated_by"] or None
    if annotator not in (None, "gold", "suggestions"):
        # Of somebody deleted meanwhile: left out, and counted in the report.
        annotator = get_user_model().objects.filter(pk=annotator).first()
    return ImportOptions(
        format=kept["format"],
        split=kept["split"] or None,
        annotated_by=annotator,
        document=f"{unit}:{kept['count']}" if unit == "blank-lines" else unit,
        skip_bad=skip_bad,
        file_name=file_name,
        encoding=kept["encoding"],
        text_column=kept.get("text_column", ""),
        creates_labels=kept.get("new_labels") != "refuse",
    )


def format_title(name: str) -> str:
    return str(FORMAT_NAMES.get(name, name)) if name != "auto" else _t("not recognised")
