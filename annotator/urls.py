"""Every address of the site."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, URLResolver, path

from annotator.api import api
from annotator.views import (
    accounts,
    annotate,
    checkpoints,
    documents,
    exports,
    health,
    imports,
    members,
    projects,
    revisions,
    rules,
    training,
    yardstick,
)

handler400 = "annotator.views.errors.bad_request"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", projects.index, name="project-list"),
    path("projects/new/", projects.create, name="project-create"),
    path("projects/<int:pk>/", projects.detail, name="project-detail"),
    path("projects/<int:pk>/settings/", projects.settings, name="project-settings"),
    path("projects/<int:pk>/documents/", documents.index, name="document-list"),
    path("projects/<int:pk>/annotate/", annotate.next_document, name="annotate-next"),
    path("projects/<int:pk>/jump/", annotate.jump, name="document-jump"),
    path("documents/<int:pk>/annotate/", annotate.document, name="document-annotate"),
    path("documents/<int:pk>/revisions/", revisions.index, name="revision-list"),
    path("projects/<int:pk>/import/", imports.upload, name="document-upload"),
    path(
        "projects/<int:pk>/import/<uuid:key>/", imports.preview, name="import-preview"
    ),
    path(
        "projects/<int:pk>/import/<uuid:key>/errors/",
        imports.errors,
        name="import-errors",
    ),
    path(
        "projects/<int:pk>/import/<uuid:key>/notes/",
        imports.notes,
        name="import-notes",
    ),
    path("projects/<int:pk>/import/jobs/<int:job>/", imports.job, name="import-job"),
    path(
        "projects/<int:pk>/import/jobs/<int:job>/progress/",
        imports.progress,
        name="import-progress",
    ),
    path(
        "projects/<int:pk>/import/jobs/<int:job>/cancel/",
        imports.cancel,
        name="import-cancel",
    ),
    path("projects/<int:pk>/export/", exports.index, name="document-export"),
    path("projects/<int:pk>/export/<int:export>/", exports.job, name="export-job"),
    path(
        "projects/<int:pk>/export/<int:export>/progress/",
        exports.progress,
        name="export-progress",
    ),
    path(
        "projects/<int:pk>/export/<int:export>/cancel/",
        exports.cancel,
        name="export-cancel",
    ),
    path(
        "projects/<int:pk>/export/<int:export>/again/",
        exports.again,
        name="export-again",
    ),
    path("projects/<int:pk>/export/<int:export>/pin/", exports.pin, name="export-pin"),
    path(
        "projects/<int:pk>/export/<int:export>/file/",
        exports.download,
        name="document-export-file",
    ),
    path(
        "projects/<int:pk>/export/<int:export>/delete/",
        exports.delete,
        name="document-export-delete",
    ),
    path("projects/<int:pk>/members/", members.index, name="member-list"),
    path(
        "projects/<int:pk>/members/<int:member>/",
        members.change,
        name="member-change",
    ),
    path(
        "projects/<int:pk>/members/<int:member>/remove/",
        members.remove,
        name="member-remove",
    ),
    path("projects/<int:pk>/rules/", rules.index, name="rule-list"),
    path("projects/<int:pk>/rules/paste/", rules.paste, name="rule-paste"),
    path("projects/<int:pk>/rules/preview/", rules.preview, name="rule-preview"),
    path("projects/<int:pk>/rules/file/", rules.export, name="rule-export"),
    path(
        "projects/<int:pk>/rules/<int:rule>/switch/", rules.switch, name="rule-switch"
    ),
    path(
        "projects/<int:pk>/rules/<int:rule>/delete/", rules.delete, name="rule-delete"
    ),
    path("projects/<int:pk>/training/", training.index, name="training"),
    path(
        "projects/<int:pk>/training/progress/",
        training.progress,
        name="training-progress",
    ),
    path(
        "projects/<int:pk>/training/retrain/", training.start, name="training-retrain"
    ),
    path(
        "projects/<int:pk>/training/yardstick/", yardstick.start, name="yardstick-start"
    ),
    path(
        "projects/<int:pk>/training/<int:run>/cancel/",
        training.cancel,
        name="training-cancel",
    ),
    path(
        "projects/<int:pk>/checkpoints/<int:checkpoint>/activate/",
        training.activate,
        name="checkpoint-activate",
    ),
    path(
        "projects/<int:pk>/checkpoints/compare/",
        checkpoints.compare,
        name="checkpoint-compare",
    ),
    path(
        "projects/<int:pk>/checkpoints/<int:checkpoint>/",
        checkpoints.detail,
        name="checkpoint-detail",
    ),
    path(
        "projects/<int:pk>/checkpoints/<int:checkpoint>/mistakes/",
        checkpoints.mistakes,
        name="checkpoint-mistakes",
    ),
    path(
        "projects/<int:pk>/checkpoints/<int:checkpoint>/download/",
        checkpoints.download,
        name="checkpoint-download",
    ),
    path("api/", api.urls),
    path("worker-status/", health.worker_status, name="worker-status"),
    path("health/", health.health, name="health"),
    path("login/", accounts.login, name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("language/", accounts.language, name="set-language"),
    path("jsi18n/", accounts.catalog, name="javascript-catalog"),
    path("admin/", admin.site.urls),
]
