"""Adding people to a project and changing what they may do."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from annotator.models import Membership, Project
from annotator.models.projects import Role


class LastAdmin(ValueError):
    """A project keeps at least one admin; the message is for a person."""


class MemberForm(forms.Form):
    username = forms.CharField(
        label=_("Username"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    role = forms.ChoiceField(
        label=_("Role"), choices=Role.choices, initial=Role.ANNOTATOR
    )

    def __init__(self, data: Any, project: Project) -> None:
        super().__init__(data)
        self.project = project

    def clean_username(self) -> str:
        name = str(self.cleaned_data["username"]).strip()
        user = get_user_model().objects.filter(username=name, is_active=True).first()
        if user is None:
            raise forms.ValidationError(
                _t("Nobody here is called “%(name)s”.") % {"name": name}
            )
        if self.project.memberships.filter(user=user).exists():
            raise forms.ValidationError(
                _t("“%(name)s” is a member already.") % {"name": name}
            )
        self.user = user
        return name

    def add(self) -> Membership:
        return Membership.objects.create(
            project=self.project, user=self.user, role=self.cleaned_data["role"]
        )


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)


@transaction.atomic
def change_role(membership: Membership, role: str) -> None:
    if role != Role.ADMIN:
        _keep_an_admin(membership)
    Membership.objects.filter(pk=membership.pk).update(role=role)


@transaction.atomic
def remove(membership: Membership) -> None:
    _keep_an_admin(membership)
    membership.delete()


def _keep_an_admin(membership: Membership) -> None:
    """Refuse to lose the last admin; the lock keeps two changes apart."""
    admins = Membership.objects.select_for_update().filter(
        project=membership.project_id, role=Role.ADMIN
    )
    if [admin.pk for admin in admins] == [membership.pk]:
        raise LastAdmin(
            _t("“%(name)s” is the last admin: make somebody else admin first.")
            % {"name": membership.user}
        )
