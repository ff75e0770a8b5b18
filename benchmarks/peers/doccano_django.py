"""doccano's own Django, for the scripts beside this one."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path


def set_up(folder: Path, **settings: str) -> str:
    """Start its Django on a database in a folder; where its code is."""
    found = find_spec("backend")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("There is no doccano in this environment.")
    base = next(iter(found.submodule_search_locations))
    sys.path[:1] = [base]
    os.environ |= {
        "DATABASE_URL": f"sqlite:///{folder / 'doccano.sqlite3'}",
        "MEDIA_ROOT": str(folder / "media"),
        "DEBUG": "False",  # with it every query is kept in memory
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        **settings,
    }
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("create_roles", verbosity=0)
    return base
