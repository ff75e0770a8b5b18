"""Label Studio's own Django, for the scripts beside this one."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def set_up(folder: Path, **settings: str) -> None:
    """Start its Django on a database in a folder."""
    found = find_spec("label_studio")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("There is no Label Studio in this environment.")
    sys.path[:1] = [next(iter(found.submodule_search_locations))]
    os.environ |= {
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder),
        "DJANGO_DB": "sqlite",
        "DJANGO_SETTINGS_MODULE": "core.settings.label_studio",
        "COLLECT_ANALYTICS": "False",
        "LATEST_VERSION_CHECK": "False",
        "LOG_LEVEL": "ERROR",
        "DEBUG": "False",
        **settings,
    }
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def make_user() -> Any:
    """Store a person with an organization of their own."""
    from django.contrib.auth import get_user_model
    from organizations.models import Organization

    user = get_user_model().objects.create_user(
        f"{os.getpid()}@example.org", "a password"
    )
    organization = Organization.create_organization(created_by=user, title="benchmark")
    user.active_organization = organization
    user.save()
    return user
