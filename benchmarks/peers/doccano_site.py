"""doccano 1.8.4 serves documents with spans in its editor, on SQLite.

Run by the Python of doccano's virtual environment, see ``benchmarks.editor``:
``python doccano_site.py FOLDER DOCUMENTS.json PORT``. Prints one JSON object, a
person's cookies and the page of each copy of each document, and then serves on the
loop-back address.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from doccano_django import set_up


def main() -> None:
    folder, path, port = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    os.chdir(set_up(folder, STANDALONE="True"))  # as its own command does
    from django.contrib.auth import get_user_model
    from django.test import Client

    user = get_user_model().objects.create_user("benchmark")
    documents = json.loads(path.read_text(encoding="utf-8"))
    pages = {name: _store(user, name, of) for name, of in documents.items()}
    client = Client()
    client.force_login(user)
    cookies = {"sessionid": client.cookies["sessionid"].value, "csrftoken": "x" * 32}
    print(json.dumps({"cookies": cookies, "pages": pages}), flush=True)
    _serve(port)


def _store(user: Any, name: str, document: dict[str, Any]) -> list[str]:
    """Store a project with copies of a document; the page of each."""
    from examples.models import Example
    from label_types.models import SpanType
    from labels.models import Span
    from projects.models import SequenceLabelingProject

    project = SequenceLabelingProject.objects.create(
        name=name,
        description=name,
        project_type="SequenceLabeling",
        created_by=user,
        collaborative_annotation=True,
    )
    project.add_admin()
    labels = {
        label: SpanType.objects.create(
            project=project, text=label, suffix_key=str(key), background_color="#2a6fdb"
        )
        for key, label in enumerate(document["labels"], start=1)
    }
    pages = []
    for page in range(1, document["copies"] + 1):
        example = Example.objects.create(project=project, text=document["text"])
        Span.objects.bulk_create(
            Span(
                example=example,
                user=user,
                label=labels[label],
                start_offset=start,
                end_offset=end,
            )
            for start, end, label in document["spans"]
        )
        pages.append(f"/projects/{project.pk}/sequence-labeling?page={page}")
    return pages


def _serve(port: str) -> None:
    from gunicorn.app.wsgiapp import run

    options = ["--bind", f"127.0.0.1:{port}", "--threads", "4", "--log-level", "error"]
    sys.argv = ["gunicorn", "config.wsgi", *options]
    run()


if __name__ == "__main__":
    main()
