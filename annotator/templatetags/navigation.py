"""The project's navigation and the state of the workers, on every page."""

from typing import Any, NamedTuple

from django import template
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from annotator import access
from annotator.models import Project, Worker

register = template.Library()


class Section(NamedTuple):
    title: Any
    url_name: str
    permission: str
    also: tuple[str, ...] = ()  # other URL names at which the section is current


DESK = ("document-annotate", "revision-list")
VERSIONS = ("checkpoint-detail", "checkpoint-mistakes", "checkpoint-compare")
IMPORTS = ("import-preview", "import-job")
EXPORTS = ("export-job", "document-export-delete")
SECTIONS = (
    Section(_("Overview"), "project-detail", access.READ),
    Section(_("Documents"), "document-list", access.READ),
    Section(_("Annotate"), "annotate-next", access.ANNOTATE, DESK),
    Section(_("Import"), "document-upload", access.ADMINISTER, IMPORTS),
    Section(_("Rules"), "rule-list", access.READ, ("rule-paste",)),
    Section(_("Training"), "training", access.READ, VERSIONS),
    Section(_("Export"), "document-export", access.READ, EXPORTS),
    Section(_("Members"), "member-list", access.READ),
    Section(_("Settings"), "project-settings", access.ADMINISTER),
)


@register.inclusion_tag("includes/navigation.html", takes_context=True)
def project_navigation(context: dict[str, Any], project: Project) -> dict[str, Any]:
    """The sections of a project that this person may open."""
    request = context["request"]
    here = request.resolver_match.url_name if request.resolver_match else None
    permissions = access.PERMISSIONS.get(access.role_in(request.user, project) or "")
    return {
        "items": [
            {
                "title": section.title,
                "url": reverse(section.url_name, args=[project.pk]),
                "current": here == section.url_name or here in section.also,
            }
            for section in SECTIONS
            if section.permission in (permissions or ())
        ],
        "project": project,
        "workers": Worker.listening(),
    }


@register.simple_tag(takes_context=True)
def may(context: dict[str, Any], project: Project, permission: str) -> bool:
    """Whether the person who looks at the page may do something in a project."""
    return access.may(context["request"].user, project, permission)
