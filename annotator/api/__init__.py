"""The REST API; the editor uses the same endpoints as everybody else."""

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import ValidationError
from ninja.security import django_auth

from annotator.api.annotations import router as annotations
from annotator.api.comments import router as comments
from annotator.api.preferences import router as preferences
from annotator.api.queue import router as queue
from annotator.patience import is_locked


class MarginaliaAPI(NinjaAPI):
    """An API whose operations answer 401 by themselves, without a redirect."""

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        urls = super()._get_urls()
        for url in urls:
            if isinstance(url, URLPattern) and url.name not in DESCRIPTIONS:
                # Django's own mark of a view, which types do not know.
                url.callback.login_required = False  # type: ignore[attr-defined]
        return urls


DESCRIPTIONS = ("openapi-json", "api-root")
api = MarginaliaAPI(
    title="Marginalia",
    auth=django_auth,
    docs_url=None,  # its page would load scripts from a foreign host
    urls_namespace="api",
)
api.add_router("", annotations)
api.add_router("", comments)
api.add_router("", preferences)
api.add_router("", queue)


@api.exception_handler(PermissionDenied)
def forbid(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    detail = _("You may read this project, but not change it.")
    return api.create_response(request, {"detail": detail}, status=403)


@api.exception_handler(OperationalError)
def wait(request: HttpRequest, error: OperationalError) -> HttpResponse:
    """The editor sends again what is answered so."""
    if not is_locked(error):
        raise error
    detail = _("An import is being stored; please try again in a moment.")
    return api.create_response(request, {"detail": detail}, status=503)


@api.exception_handler(ValidationError)
def explain(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """One sentence about the first field that does not fit."""
    first = error.errors[0]
    field = ".".join(str(part) for part in first["loc"][2:] or first["loc"])
    detail = _("%(field)s: %(problem)s.") % {"field": field, "problem": first["msg"]}
    return api.create_response(request, {"detail": detail}, status=422)
