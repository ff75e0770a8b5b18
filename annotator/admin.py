"""The Django admin: every model, and a button that retrains."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from annotator.models import (
    Annotation,
    Assessment,
    Checkpoint,
    Comment,
    Document,
    Export,
    ImportJob,
    Label,
    Membership,
    Preferences,
    Project,
    Rejection,
    Revision,
    Rule,
    RuleBook,
    Span,
    Suggestion,
    Threshold,
    TrainingRun,
    Worker,
)
from annotator.models.training import Trigger
from tasks.training import retrain

admin.site.site_header = admin.site.site_title = "Marginalia"


class ReadOnlyAdmin(admin.ModelAdmin):
    """For what only the site itself may write."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DeletableAdmin(ReadOnlyAdmin):
    """For what the site writes and a superuser may throw away, with its owner too."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


class LabelInline(admin.TabularInline):
    model = Label
    extra = 0


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ["user"]


class SpanInline(admin.TabularInline):
    """Spans change by edits with a revision, never here."""

    model = Span
    extra = 0
    can_delete = False
    fields = readonly_fields = (
        *("start", "end", "label", "suggested_by", "suggested_rule"),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin):
    list_display = ["name", "language", "encoder", "query_strategy", "retrain_every"]
    search_fields = ["name"]
    inlines = [LabelInline, MembershipInline]
    actions = ["retrain_projects"]

    @admin.action(description=_("Retrain"), permissions=["change"])
    def retrain_projects(
        self, request: HttpRequest, queryset: QuerySet[Project]
    ) -> None:
        queued = 0
        for project in queryset:
            run, is_new = TrainingRun.request(project, Trigger.BUTTON, by=request.user)
            if is_new:
                retrain.delay_on_commit(run.pk)
                queued += 1
        sentence = ngettext(
            "%(count)s training run is queued.",
            "%(count)s training runs are queued.",
            queued,
        )
        self.message_user(request, sentence % {"count": queued}, messages.SUCCESS)


@admin.register(Label)
class LabelAdmin(admin.ModelAdmin):
    list_display = ["name", "project", "color", "shortcut", "position"]
    list_filter = ["project"]
    search_fields = ["name"]


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    list_display = ["user", "project", "role"]
    list_filter = ["role", "project"]
    autocomplete_fields = ["user", "project"]


@admin.register(Document)
class DocumentAdmin(admin.ModelAdmin):
    list_display = ["__str__", "project", "split", "confidence", "leased_by"]
    list_filter = ["split", "project"]
    search_fields = ["external_id", "text"]
    show_full_result_count = False
    raw_id_fields = ["project", "checkpoint", "leased_by"]
    readonly_fields = ["text", "content_hash", "occurrence", "shuffle_key"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Documents come by import, which checks them and draws the slice."""
        return False


@admin.register(Annotation)
class AnnotationAdmin(ReadOnlyAdmin):
    list_display = ["document", "user", "is_gold", "state", "version", "updated_at"]
    list_filter = ["state", "is_gold"]
    list_select_related = ["document", "user"]
    inlines = [SpanInline]


@admin.register(Span)
class SpanAdmin(ReadOnlyAdmin):
    list_display = ["annotation", "label", "start", "end", "suggested_by"]
    list_select_related = ["annotation__document", "annotation__user", "label"]
    list_filter = ["label__project"]


@admin.register(Suggestion)
class SuggestionAdmin(ReadOnlyAdmin):
    list_display = ["document", "label", "start", "end", "confidence"]
    list_display += ["checkpoint", "rule"]
    list_select_related = ["document", "label", "checkpoint__project", "rule__label"]
    list_filter = ["document__project"]


@admin.register(Rule)
class RuleAdmin(ReadOnlyAdmin):
    """Rules change on the project's own page, which numbers every change."""

    list_display = ["text", "kind", "label", "project", "is_learned", "is_active"]
    list_select_related = ["label", "project"]
    list_filter = ["kind", "is_learned", "is_active", "project"]
    search_fields = ["text"]


@admin.register(RuleBook)
class RuleBookAdmin(ReadOnlyAdmin):
    list_display = ["project", "version", "read_at"]
    list_select_related = ["project"]


@admin.register(Assessment)
class AssessmentAdmin(ReadOnlyAdmin):
    list_display = ["document", "checkpoint"]
    list_select_related = ["document", "checkpoint__project"]
    list_filter = ["document__project"]


@admin.register(Rejection)
class RejectionAdmin(ReadOnlyAdmin):
    list_display = ["annotation", "label", "start", "end"]
    list_select_related = ["annotation__document", "annotation__user", "label"]


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    list_display = ["annotation", "version", "user", "state", "created_at"]
    list_select_related = ["annotation__document", "annotation__user", "user"]


@admin.register(Comment)
class CommentAdmin(DeletableAdmin):
    list_display = ["document", "author", "text", "created_at", "resolved_at"]
    list_select_related = ["document", "author"]
    list_filter = ["document__project"]
    search_fields = ["text"]


@admin.register(Preferences)
class PreferencesAdmin(DeletableAdmin):
    list_display = ["user", "font_size", "line_height", "has_line_numbers"]
    list_select_related = ["user"]


@admin.register(Threshold)
class ThresholdAdmin(DeletableAdmin):
    list_display = ["user", "project", "value"]
    list_select_related = ["user", "project"]


@admin.register(Export)
class ExportAdmin(DeletableAdmin):
    list_display = ["__str__", "file", "requested_by", "bytes", "created_at"]
    list_select_related = ["project", "requested_by"]
    list_filter = ["state", "project"]


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "trigger", "state", "phase", "created_at", "finished_at"]
    list_select_related = ["project"]
    list_filter = ["state", "project"]


@admin.register(ImportJob)
class ImportJobAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "requested_by", "state", "created_at", "finished_at"]
    list_select_related = ["project", "requested_by"]
    list_filter = ["state", "project"]


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "encoder", "state", "created_at", "preannotated_at"]
    list_select_related = ["project"]
    list_filter = ["state", "project"]


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    list_display = ["name", "device", "seen_at"]
