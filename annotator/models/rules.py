"""Rules: a project's dictionary entries and regular expressions."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from annotator.models.projects import Label, Project

# When a learned entry suggests; measured, see docs/rules.md.
RIGHT_FOR_ONE_WRONG = 4  # of its occurrences in finished documents: 80 %
LEAST_SEEN = 2  # of them; once is enough for several words


class RuleKind(models.TextChoices):
    DICTIONARY = "dictionary", _("dictionary entry")
    PATTERN = "pattern", _("regular expression")


class Problem(models.TextChoices):
    SLOW = "slow", _("It took too long on several documents, so it is not used.")


class RuleBook(models.Model):
    """All rules of a project, numbered by their last change.

    A document remembers the version of the book that it was read with, so reading can
    stop and go on anywhere, and a reader of an older version writes nothing.
    """

    project = models.OneToOneField(
        Project, on_delete=models.CASCADE, primary_key=True, related_name="rule_book"
    )
    version = models.PositiveIntegerField(default=1)
    learned_from = models.CharField(max_length=100, blank=True)  # the work it has seen
    read_at = models.DateTimeField(null=True, blank=True)  # last batch of documents

    def __str__(self) -> str:
        return f"{self.project} rules v{self.version}"

    @classmethod
    def locked(cls, project_id: int) -> "RuleBook":
        """The project's book, held until the transaction ends."""
        cls.objects.get_or_create(project_id=project_id)
        return cls.objects.select_for_update(no_key=True).get(project=project_id)

    def turn_page(self) -> int:
        """Number a change; documents of earlier versions are unread again."""
        self.version += 1
        self.save(update_fields=["version"])
        return self.version


class RuleQuerySet(models.QuerySet["Rule"]):
    def in_force(self) -> "RuleQuerySet":
        """Rules that suggest: switched on, sound, and trusted where learned."""
        is_seen = Q(right__gte=LEAST_SEEN) | Q(right__gte=1, text__contains=" ")
        is_trusted = is_seen & Q(right__gte=F("wrong") * RIGHT_FOR_ONE_WRONG)
        return self.filter(Q(is_learned=False) | is_trusted, is_active=True, problem="")


class Rule(models.Model):
    """A dictionary entry or a regular expression that proposes one label."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rules")
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="rules")
    kind = models.CharField(
        _("kind"), max_length=10, choices=RuleKind, default=RuleKind.DICTIONARY
    )
    text = models.CharField(_("text"), max_length=500)
    is_case_sensitive = models.BooleanField(_("case counts"), default=False)
    is_learned = models.BooleanField(default=False)  # from people's spans
    is_active = models.BooleanField(_("in use"), default=True)
    problem = models.CharField(max_length=200, blank=True)  # why it had to stop
    # Matches in finished documents that people gave the same label, and the others.
    right = models.PositiveIntegerField(default=0)
    wrong = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)  # of the book at its last change
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RuleQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "text", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind", "label", "text"],
                name="rule_is_unique_in_project",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="rule_is_not_empty"),
            models.CheckConstraint(
                condition=Q(kind__in=RuleKind.values), name="rule_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.text} ({self.label})"

    @property
    def problem_text(self) -> str:
        return str(Problem(self.problem).label) if self.problem else ""

    @property
    def is_trusted(self) -> bool:
        """Whether it suggests when it is learned; as `RuleQuerySet.in_force` asks."""
        is_seen = self.right >= (1 if " " in self.text else LEAST_SEEN)
        return is_seen and self.right >= self.wrong * RIGHT_FOR_ONE_WRONG

    @property
    def confidence(self) -> float:
        """How often people agree with it, by Laplace's rule of succession."""
        return (self.right + 1) / (self.right + self.wrong + 2)
