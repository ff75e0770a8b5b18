"""Label Studio 1.23.2 imports a JSON file of tasks with its own code, on SQLite.

Run by the Python of Label Studio's virtual environment, see ``benchmarks.formats``:
``python label_studio_peer.py FOLDER FILE.json``; the last line is one JSON object. The
file goes through its import endpoint, called in this process.
"""

import json
import sys
from pathlib import Path
from time import perf_counter, process_time

from label_studio_django import make_user, set_up

CONFIG = """<View><Labels name="label" toName="text"><Label value="PERSON"/>
<Label value="PLACE"/></Labels><Text name="text" value="$text"/></View>"""


def main() -> None:
    folder, path = Path(sys.argv[1]), Path(sys.argv[2])
    set_up(folder)
    from django.core.files.uploadedfile import SimpleUploadedFile
    from projects.models import Project
    from rest_framework.test import APIClient

    user = make_user()
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


if __name__ == "__main__":
    main()
