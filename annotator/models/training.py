"""Training runs, the checkpoints they leave, and the workers that do them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotator.models.jobs import Job, RunState
from annotator.models.projects import Project, QueryStrategy

MEASURED_WHEN_ASKED = (QueryStrategy.MARGIN, QueryStrategy.BALD)  # and columns, too


class Trigger(models.TextChoices):
    BUTTON = "button", _("by hand")
    COUNT = "count", _("enough new documents")
    SCHEDULE = "schedule", _("schedule")
    COMMAND = "command", _("command line")


class Phase(models.TextChoices):
    WAITING = "waiting", _("waiting for a worker")
    LOADING = "loading", _("gathering documents")
    ADAPTING = "adapting", _("reading the texts")
    TRAINING = "training", _("training")
    EVALUATING = "evaluating", _("evaluating")
    DONE = "done", _("done")


class TrainingRun(Job):
    """One fine-tune, from the wish to the outcome."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="training_runs"
    )
    trigger = models.CharField(max_length=10, choices=Trigger, default=Trigger.BUTTON)
    phase = models.CharField(max_length=12, choices=Phase, default=Phase.WAITING)
    step = models.PositiveIntegerField(default=0)
    total_steps = models.PositiveIntegerField(default=0)
    eta_seconds = models.FloatField(null=True, blank=True)
    history = models.JSONField(default=list, blank=True)  # loss and F1 as they came
    metrics = models.JSONField(default=dict, blank=True)
    log = models.TextField(blank=True)

    CLAIMED = {"phase": Phase.LOADING, "step": 0, "history": []}
    WAITING = {"phase": Phase.WAITING}
    ENDED = {"phase": Phase.DONE, "eta_seconds": None}

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(state="queued"),
                name="one_queued_run_a_project",
            ),
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(state="running"),
                name="one_running_run_a_project",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RunState.values), name="run_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(heartbeat_at__isnull=False),
                name="running_run_has_a_heartbeat",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} run {self.pk} ({self.state})"

    @classmethod
    def request(
        cls, project: Project, trigger: str, by: Any = None
    ) -> tuple["TrainingRun", bool]:
        """The project's queued run and whether this call queued it."""
        while True:
            try:
                with transaction.atomic():
                    run = cls.objects.create(
                        project=project, trigger=trigger, requested_by=by
                    )
                return run, True
            except IntegrityError:
                queued = cls.objects.filter(project=project, state=RunState.QUEUED)
                if run_before := queued.first():
                    return run_before, False
                # A worker took it in between: there is room for a new one.

    def append_log(self, line: str) -> None:
        stamp = timezone.now().strftime("%H:%M:%S")
        self.log = f"{self.log}{stamp} {line}\n"
        self._mine().update(log=self.log)

    def succeed(self, metrics: dict[str, Any]) -> None:
        self._finish(RunState.SUCCEEDED, metrics=metrics)


class CheckpointState(models.TextChoices):
    ACTIVE = "active", _("active")
    RETIRED = "retired", _("retired")


class Checkpoint(models.Model):
    """The artefact of a training run; at most one a project is active."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="checkpoints"
    )
    training_run = models.OneToOneField(
        TrainingRun, on_delete=models.PROTECT, related_name="checkpoint"
    )
    state = models.CharField(
        max_length=10, choices=CheckpointState, default=CheckpointState.RETIRED
    )
    # Below settings.CHECKPOINT_DIR; empty once the weights were dropped as too old.
    folder = models.CharField(max_length=200, blank=True)
    encoder = models.CharField(max_length=300)
    labels = models.JSONField()  # {name at training time: label primary key}
    metrics = models.JSONField(default=dict, blank=True)
    corpus_mean = models.FloatField(null=True, blank=True)
    # Of the last refit of the head between two trainings, see tasks.fast_lane.
    refit_at = models.DateTimeField(null=True, blank=True)
    refit_documents = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    preannotated_at = models.DateTimeField(null=True, blank=True)  # last chunk

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(state="active"),
                name="one_active_checkpoint_a_project",
            ),
            models.CheckConstraint(
                condition=Q(state__in=CheckpointState.values),
                name="checkpoint_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} checkpoint {self.pk} ({self.state})"

    @property
    def path(self) -> Path:
        return Path(settings.CHECKPOINT_DIR) / self.folder

    @transaction.atomic
    def activate(self) -> None:
        """Make this the project's serving model; nobody's spans change.

        Raises:
            ValueError: the checkpoint's weights are no longer kept.
        """
        # Locked first: of two who choose at once, the second sees what the first did.
        all_of_project = Checkpoint.objects.filter(project=self.project_id)
        list(all_of_project.select_for_update(no_key=True).order_by("pk"))
        self.refresh_from_db(fields=["folder"])
        if not self.folder:
            raise ValueError(f"The weights of checkpoint {self.pk} are not kept.")
        active = all_of_project.filter(state="active").exclude(pk=self.pk)
        active.update(state=CheckpointState.RETIRED)
        self.state = CheckpointState.ACTIVE
        self.activated_at = timezone.now()
        self.preannotated_at = None
        self.save(update_fields=["state", "activated_at", "preannotated_at"])

    def unread_documents(self) -> models.QuerySet[Any]:
        """Pool documents this checkpoint has not scored yet, queue order first.

        A document without the measure that the project orders by counts as unread: some
        are computed only where they are asked for.
        """
        pool = self.project.documents.filter(split="pool")
        is_unread = Q(checkpoint=None) | ~Q(checkpoint=self.pk)
        strategy = self.project.query_strategy
        if strategy in MEASURED_WHEN_ASKED:
            is_unread |= Q(**{f"{strategy}__isnull": True})
        unread = pool.filter(is_unread)
        return unread.order_by(F("confidence").asc(nulls_first=True), "shuffle_key")


class Worker(models.Model):
    """A Celery worker that is listening, by its own word of a moment ago."""

    name = models.CharField(max_length=200, unique=True)
    queues = models.JSONField(default=list)
    device = models.CharField(max_length=100, blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def listening(cls) -> list["Worker"]:
        since = timezone.now() - timedelta(seconds=settings.WORKER_SILENT_SECONDS)
        return list(cls.objects.filter(seen_at__gte=since))
