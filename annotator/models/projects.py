"""Projects, their labels and their members."""

import random
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import (
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
)
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from annotator.models.training import Checkpoint

# Colours of new labels, searched for by computer: also colour-blind people tell any two
# apart, the first eight easily, and all stand out from light and from dark paper.
PALETTE = [
    "#0072b2",
    "#f06c48",
    "#789c78",
    "#9078fc",
    "#906000",
    "#b43c78",
    "#b484b4",
    "#d80c48",
    "#d87818",
    "#247848",
    "#c054cc",
    "#909090",
]
LANGUAGES_WITHOUT_SPACES = ("zh", "ja", "th", "lo", "km", "my")


class TokenMode(models.TextChoices):
    UNICODE_WORDS = "unicode-words", _("Unicode words")
    CHARACTERS = "characters", _("Characters (Chinese, Japanese)")
    AS_IMPORTED = "as-imported", _("Tokens as imported")


class QueryStrategy(models.TextChoices):
    LOWEST_MARGINAL = "lowest_marginal", _("Lowest mean CRF marginal")
    LOWEST_MIN_MARGINAL = "lowest_min_marginal", _("Lowest single CRF marginal")
    MNLP = "mnlp", _("Lowest normalised log-probability (MNLP)")
    SUMMED_UNCERTAINTY = "summed_uncertainty", _("Most expected token errors")
    LOWEST_SPAN_POSTERIOR = "lowest_span_posterior", _("Lowest span posterior")
    TOKEN_ENTROPY = "token_entropy", _("Highest mean token entropy")
    MARGIN = "margin", _("Smallest margin between the two best readings")
    BALD = "bald", _("Most disagreement under dropout (BALD)")
    RANDOM = "random", _("Random")


class Project(models.Model):
    name = models.CharField(_("name"), max_length=120, unique=True)
    guideline = models.TextField(_("guideline (Markdown)"), blank=True)
    language = models.CharField(_("language"), max_length=12, default="en")
    encoder = models.CharField(
        _("encoder"),
        max_length=300,
        blank=True,
        help_text=_(
            "“bundled”; “scratch”, “bilstm” or “idcnn”, which train from nothing; "
            "a Hugging Face name or a path; empty for the server's default."
        ),
    )
    token_mode = models.CharField(
        _("token mode"),
        max_length=20,
        choices=TokenMode,
        default=TokenMode.UNICODE_WORDS,
    )
    allows_overlap = models.BooleanField(
        _("spans may overlap"),
        default=False,
        help_text=_(
            "A span may lie inside another one or share words with it. Models learn "
            "and suggest the outermost spans only; CoNLL files hold these only, and "
            "the report beside the file names the others."
        ),
    )
    query_strategy = models.CharField(
        _("query strategy"),
        max_length=30,
        choices=QueryStrategy,
        default=QueryStrategy.LOWEST_MARGINAL,
    )
    retrain_every = models.PositiveIntegerField(
        _("retrain after this many newly submitted documents"),
        default=20,
        help_text=_("0 turns automatic retraining off."),
    )
    retrain_hours = models.PositiveIntegerField(
        _("retrain after this many hours when there is new work"),
        default=0,
        help_text=_("0 turns the schedule off."),
    )
    exploration = models.FloatField(
        _("share of random documents"),
        default=0.1,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text=_("Every so many documents one is drawn by chance, from 0 to 1."),
    )
    has_fast_lane = models.BooleanField(
        _("re-order the queue between trainings"),
        default=True,
        help_text=_("After a handful of submissions the model's head is refitted."),
    )
    recipe = models.JSONField(_("training options"), default=dict, blank=True)
    # {strategy: [[tokens read, mean F1, lowest, highest], …]} of a simulation on the
    # project's own answers, None until somebody measured it.
    yardstick = models.JSONField(null=True, blank=True)
    partners = models.ManyToManyField("self", blank=True, verbose_name=_("learns with"))
    seed = models.PositiveIntegerField(_("seed"), default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="projects"
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(name=""), name="project_name_is_not_empty"
            ),
            models.CheckConstraint(
                condition=Q(token_mode__in=TokenMode.values),
                name="project_token_mode_is_known",
            ),
            models.CheckConstraint(
                condition=Q(query_strategy__in=QueryStrategy.values),
                name="project_query_strategy_is_known",
            ),
            models.CheckConstraint(
                condition=Q(exploration__gte=0, exploration__lte=1),
                name="project_exploration_is_a_share",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def encoder_name(self) -> str:
        return self.encoder or settings.ENCODER

    @property
    def joins_tokens_with(self) -> str:
        """What stands between two tokens of a file that has only tokens."""
        primary = self.language.lower().split("-")[0]
        return "" if primary in LANGUAGES_WITHOUT_SPACES else " "

    @property
    def active_checkpoint(self) -> "Checkpoint | None":
        return self.checkpoints.filter(state="active").first()

    def ensure_labels(self, names: Iterable[str]) -> dict[str, "Label"]:
        """All the project's labels by name, after creating the missing ones."""
        labels = {label.name: label for label in self.labels.all()}
        position = len(labels)
        for name in names:
            if name in labels:
                continue
            label = Label(project=self, name=name, position=position)
            label.color = PALETTE[position % len(PALETTE)]
            label.shortcut = self._free_shortcut(labels.values(), name)
            label.full_clean()
            label.save()
            labels[name] = label
            position += 1
        return labels

    @staticmethod
    def _free_shortcut(labels: Iterable["Label"], name: str) -> str:
        taken = {label.shortcut for label in labels}
        reserved = {"s", "f", "x", "n", "p"}
        letters = [c for c in name.lower() if c.isascii() and c.isalpha()]
        wanted = [*"123456789", *letters]
        return next((c for c in wanted if c not in taken | reserved), "")

    def draw_evaluation(self, imported_after: int | None = None) -> int:
        """Top the evaluation slice up with random pool documents.

        The slice holds a tenth of all documents and at least 30, but never more
        than a third. Documents that people have worked on stay where they are:
        models may have learnt from them, or shown them suggestions.

        Args:
            imported_after: Documents with a greater primary key are new, even if
                they came with annotations.

        Returns:
            How many documents moved.
        """
        total = self.documents.count()
        target = min(max(30, -(-total // 10)), total // 3)
        missing = target - self.documents.filter(split="evaluation").count()
        if missing <= 0:
            return 0
        worked_on = self.documents.filter(annotations__isnull=False)
        if imported_after is not None:
            worked_on = worked_on.filter(pk__lte=imported_after)
        pool = self.documents.filter(split="pool", split_is_chosen=False)
        free = pool.exclude(pk__in=worked_on.values("pk")).order_by("pk")
        candidates = list(free.values_list("pk", flat=True))
        chosen = random.Random(f"{self.seed}:{total}").sample(
            candidates, min(missing, len(candidates))
        )
        for start in range(0, len(chosen), 500):
            part = self.documents.filter(pk__in=chosen[start : start + 500])
            part.update(split="evaluation", confidence=None, checkpoint=None)
        return len(chosen)


class Label(models.Model):
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="labels"
    )
    name = models.CharField(
        _("name"),
        max_length=80,
        validators=[
            RegexValidator(
                r"^[^\s\x00-\x1f]+\Z",
                _("A label is one word: CoNLL files cannot hold white space in it."),
            )
        ],
    )
    color = models.CharField(
        _("colour"),
        max_length=7,
        default=PALETTE[0],
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Write #rrggbb."))],
    )
    shortcut = models.CharField(
        _("shortcut"),
        max_length=1,
        blank=True,
        validators=[RegexValidator(r"^[a-z0-9]$", _("One letter or digit."))],
    )
    note = models.TextField(_("note for annotators"), blank=True)
    position = models.PositiveIntegerField(default=0, validators=[MinValueValidator(0)])

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"], name="label_name_is_unique_in_project"
            ),
            models.UniqueConstraint(
                fields=["project", "shortcut"],
                condition=~Q(shortcut=""),
                name="label_shortcut_is_unique_in_project",
            ),
            models.CheckConstraint(
                condition=~Q(name=""), name="label_name_is_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    ADMIN = "admin", _("Admin")
    CURATOR = "curator", _("Curator")
    ANNOTATOR = "annotator", _("Annotator")
    VIEWER = "viewer", _("Viewer")


class Membership(models.Model):
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(_("role"), max_length=10, choices=Role)

    class Meta:
        ordering = ["user__username"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "user"], name="membership_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="membership_role_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.project} ({self.role})"
