"""Which documents come next, and how sure the model is of each."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from annotator import access, queue
from annotator.api import schemas

router = Router(tags=["queue"])


@router.get("/projects/{int:project_id}/queue", response=schemas.QueueOut)
def read_queue(
    request: HttpRequest,
    project_id: int,
    n: Annotated[int, Query(ge=1, le=500)] = 20,
) -> dict[str, Any]:
    """The person's next documents, first one first."""
    project = access.get_project(request.user, project_id)
    waiting = queue.remaining(project, request.user).only(
        "id", "external_id", "split", "confidence", "project_id"
    )
    return {
        "order": queue.reason_for_order(project),
        "documents": list(waiting[:n]),
    }
