"""The people of a project."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from annotator import access
from annotator.forms import members as forms
from annotator.models.projects import Role


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, pk: int) -> HttpResponse:
    """Everybody sees the list; an admin adds to it."""
    needed = access.ADMINISTER if request.method == "POST" else access.READ
    project = access.get_project(request.user, pk, needed)
    form = forms.MemberForm(request.POST or None, project)
    if request.method == "POST" and form.is_valid():
        member = form.add()
        sentence = _("“%(name)s” is a member now.") % {"name": member.user}
        messages.success(request, sentence)
        return redirect("member-list", project.pk)
    context = {
        "project": project,
        "form": form,
        "members": project.memberships.select_related("user"),
        "roles": Role.choices,
        "administers": access.may(request.user, project, access.ADMINISTER),
    }
    return render(request, "members/index.html", context)


@require_POST
def change(request: HttpRequest, pk: int, member: int) -> HttpResponse:
    project = access.get_project(request.user, pk, access.ADMINISTER)
    membership = get_object_or_404(project.memberships, pk=member)
    form = forms.RoleForm(request.POST)
    if form.is_valid():
        try:
            forms.change_role(membership, form.cleaned_data["role"])
        except forms.LastAdmin as error:
            messages.error(request, str(error))
        else:
            sentence = _("The role of “%(name)s” is changed.")
            messages.success(request, sentence % {"name": membership.user})
    return redirect("member-list", project.pk)


@require_POST
def remove(request: HttpRequest, pk: int, member: int) -> HttpResponse:
    project = access.get_project(request.user, pk, access.ADMINISTER)
    membership = get_object_or_404(project.memberships, pk=member)
    try:
        forms.remove(membership)
    except forms.LastAdmin as error:
        messages.error(request, str(error))
        return redirect("member-list", project.pk)
    sentence = _("“%(name)s” is no longer a member. All annotations stay.")
    messages.success(request, sentence % {"name": membership.user})
    if membership.user == request.user:
        return redirect("project-list")
    return redirect("member-list", project.pk)
