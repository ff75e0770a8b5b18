"""From a project's settings to how its model is trained."""

from django.conf import settings

from annotator.models import Project
from modeling.configuration import TrainingConfig, starts_from, with_recipe
from modeling.multitask import Task
from modeling.reports import TrainingError
from modeling.tagger import Tagger
from tasks.gathering import lessons
from tasks.prediction import load_tagger


def config_of(project: Project) -> TrainingConfig:
    """The server's recipe with the project's changes.

    Raises:
        modeling.training.TrainingError: an option is unknown.
    """
    config = TrainingConfig(
        encoder=project.encoder_name,
        device=settings.DEVICE,
        seed=project.seed,
        min_steps=min(settings.TRAINING_MIN_STEPS, settings.TRAINING_MAX_STEPS),
        max_steps=settings.TRAINING_MAX_STEPS,
    )
    try:
        return with_recipe(config, project.recipe)
    except ValueError as error:
        raise TrainingError(str(error)) from error


def initial_of(project: Project) -> Tagger | None:
    """The tagger to start from: None for the encoder as it was published.

    Raises:
        modeling.training.TrainingError: the recipe names another start.
    """
    try:
        start = starts_from(project.recipe)
    except ValueError as error:
        raise TrainingError(str(error)) from error
    active = project.active_checkpoint
    if start == "encoder" or active is None:
        return None
    return load_tagger(active) if active.encoder == project.encoder_name else None


def tasks_beside(project: Project) -> dict[Project, Task]:
    """What the project's partners have to teach."""
    beside = {}
    for partner in project.partners.order_by("pk"):
        examples = [lesson.example for lesson in lessons(partner)]
        if any(example.spans for example in examples):
            labels = list(partner.labels.values_list("name", flat=True))
            beside[partner] = Task(examples, labels)
    return beside
