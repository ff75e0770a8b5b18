"""Logging in and switching the language."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.i18n import JavaScriptCatalog, set_language


@method_decorator(login_not_required, name="dispatch")
class Login(LoginView):
    template_name = "accounts/login.html"
    redirect_authenticated_user = True

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """A fragment that reloads after the session ended must not show a form."""
        if request.headers.get("HX-Request"):
            return HttpResponse(status=401)
        return super().dispatch(request, *args, **kwargs)


login = Login.as_view()
language = login_not_required(set_language)
catalog = login_not_required(JavaScriptCatalog.as_view(packages=["annotator"]))
