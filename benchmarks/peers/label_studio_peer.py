"""Label Studio 1.23.2 imports a JSON file of tasks with its own code, on SQLite.

Run by the Python of Label Studio's virtual environment, see ``benchmarks.formats``:
``python label_studio_peer.py FOLDER FILE.json``; the last line is one JSON object. The
file goes through its import endpoint, called in this process.
"""

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

CONFIG = """<View><Labels name="label" toName="text"><Label value="PERSON"/>
<Label value="PLACE"/></Labels><Text name="text" value="$text"/></View>"""


def main() -> None:
    folder, path = Path(sys.argv[1]), Path(sys.argv[2])
    _set_up(folder)
    from django.core.files.uploadedfile import SimpleUploadedFile
    from projects.models import Project
    from rest_framework.test import APIClient

    user = _user()
    project = Project.objects.create(
        title="benchmark",
        label_config=CONFIG,
        created_by=user,
        organization=user.active_organization,
    )
    client = APIClient(HTTP_HOST="localhost")
    client.force_authenticate(user)
    sent = SimpleUploadedFile(path.name, path.read_bytes(), "application/json")
    wall, cpu = perf_counter(), process_time()
    reply = client.post(f"/api/projects/{project.pk}/import", {"file": sent})
    cpu, wall = process_time() - cpu, perf_counter() - wall
    if reply.status_code != 201:
        raise SystemExit(reply.content.decode()[:500])
    count = project.tasks.count()
    print(json.dumps({"import": {"wall": wall, "cpu": cpu, "documents": count}}))


def _set_up(folder: Path) -> None:
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
    }
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _user() -> Any:
    from django.contrib.auth import get_user_model
    from organizations.models import Organization

    user = get_user_model().objects.create_user(
        f"{os.getpid()}@example.org", "a password"
    )
    organization = Organization.create_organization(created_by=user, title="benchmark")
    user.active_organization = organization
    user.save()
    return user


if __name__ == "__main__":
    main()
