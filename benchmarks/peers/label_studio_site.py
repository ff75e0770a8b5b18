"""Label Studio 1.23.2 serves documents with spans in its editor, on SQLite.

Run by the Python of Label Studio's virtual environment, see ``benchmarks.editor``:
``python label_studio_site.py FOLDER DOCUMENTS.json PORT``. Prints one JSON object, a
person's cookies and the page of each copy of each document, and then serves on the
loop-back address.
"""

import json
import sys
from pathlib import Path
from typing import Any

from label_studio_django import make_user, set_up

CONFIG = """<View><Labels name="label" toName="text">{}</Labels>
<Text name="text" value="$text"/></View>"""


def main() -> None:
    folder, path, port = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    set_up(
        folder,
        HOST=f"http://127.0.0.1:{port}",
        INACTIVITY_SESSION_TIMEOUT_ENABLED="0",  # it ends a session made by Django
    )
    from django.test import Client

    user = make_user()
    documents = json.loads(path.read_text(encoding="utf-8"))
    pages = {name: _store(user, name, of) for name, of in documents.items()}
    client = Client()
    client.force_login(user)
    cookies = {"sessionid": client.cookies["sessionid"].value, "csrftoken": "x" * 32}
    print(json.dumps({"cookies": cookies, "pages": pages}), flush=True)
    from django.core.management import call_command

    call_command("runserver", f"127.0.0.1:{port}", "--noreload")  # as its own command


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
