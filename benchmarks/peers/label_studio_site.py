"""Label Studio 1.23.2 serves documents with spans in its editor, on SQLite.

Run by the Python of Label Studio's virtual environment, see ``benchmarks.editor``:
``python label_studio_site.py FOLDER DOCUMENTS.json PORT``. Prints one JSON object, a
person's cookies and the page of each copy of each document, and then serves on the
loop-back address.
"""

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

CONFIG = """<View><Labels name="label" toName="text">{}</Labels>
<Text name="text" value="$text"/></View>"""


def main() -> None:
    folder, path, port = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    _set_up(folder, port)
    from django.test import Client

    user = _user()
    documents = json.loads(path.read_text(encoding="utf-8"))
    pages = {name: _store(user, name, of) for name, of in documents.items()}
    client = Client()
    client.force_login(user)
    cookies = {"sessionid": client.cookies["sessionid"].value, "csrftoken": "x" * 32}
    print(json.dumps({"cookies": cookies, "pages": pages}), flush=True)
    from django.core.management import call_command

    call_command("runserver", f"127.0.0.1:{port}", "--noreload")  # as its own command


def _set_up(folder: Path, port: str) -> None:
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
        "INACTIVITY_SESSION_TIMEOUT_ENABLED": "0",  # it ends a session made by Django
        "HOST": f"http://127.0.0.1:{port}",
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

    user = get_user_model().objects.create_user("benchmark@example.org", "a password")
    organization = Organization.create_organization(created_by=user, title="benchmark")
    user.active_organization = organization
    user.save()
    return user


def _store(user: Any, name: str, document: dict[str, Any]) -> list[str]:
    """Store a project with copies of a document; the page of each."""
    from projects.models import Project

    from tasks.models import Annotation, Task

    labels = "".join(
        f'<Label value="{label}" hotkey="{key}"/>'
        for key, label in enumerate(document["labels"], start=1)
    )
    project = Project.objects.create(
        title=name,
        label_config=CONFIG.format(labels),
        created_by=user,
        organization=user.active_organization,
    )
    result = [_region(document["text"], *span) for span in document["spans"]]
    pages = []
    for _ in range(document["copies"]):
        task = Task.objects.create(project=project, data={"text": document["text"]})
        Annotation.objects.create(
            task=task, project=project, completed_by=user, result=result
        )
        pages.append(f"/projects/{project.pk}/data?task={task.pk}")
    return pages


def _region(text: str, start: int, end: int, label: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": text[start:end], "labels": [label]}
    return {
        "id": f"r{start}",
        "from_name": "label",
        "to_name": "text",
        "type": "labels",
        "value": value,
    }


if __name__ == "__main__":
    main()
