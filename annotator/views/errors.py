"""The page for a request that cannot be read."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say what to do when an upload was larger than the server accepts."""
    context = {
        "is_too_large": isinstance(exception, RequestDataTooBig),
        "largest": settings.UPLOAD_MAX_BYTES,
    }
    return render(request, "400.html", context, status=400)
