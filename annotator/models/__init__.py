"""The domain: what is stored, and the verbs that change it."""

from annotator.models.annotations import Annotation, Span
from annotator.models.assessments import Assessment
from annotator.models.comments import Comment
from annotator.models.documents import Document, Suggestion
from annotator.models.edits import Edit, EditRefused, StaleVersion
from annotator.models.exports import Export
from annotator.models.imports import ImportJob
from annotator.models.preferences import Preferences, Threshold
from annotator.models.projects import Label, Membership, Project
from annotator.models.revisions import Rejection, Revision
from annotator.models.rules import Rule, RuleBook
from annotator.models.training import Checkpoint, TrainingRun, Worker

__all__ = [
    "Annotation",
    "Assessment",
    "Checkpoint",
    "Comment",
    "Document",
    "Edit",
    "EditRefused",
    "Export",
    "ImportJob",
    "Label",
    "Membership",
    "Preferences",
    "Project",
    "Rejection",
    "Revision",
    "Rule",
    "RuleBook",
    "Span",
    "StaleVersion",
    "Suggestion",
    "Threshold",
    "TrainingRun",
    "Worker",
]
