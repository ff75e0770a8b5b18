"""What is said while SQLite's one lock is somebody else's: a large import's."""

from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotator.patience import is_locked

RETRY_SECONDS = "30"


class BusyMiddleware:
    """A page that says why nothing was changed, in place of “the server failed”."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, error: Exception
    ) -> HttpResponse | None:
        if not (isinstance(error, OperationalError) and is_locked(error)):
            return None
        response = render(request, "503.html", status=503)
        response["Retry-After"] = RETRY_SECONDS
        return response
