"""The Celery application."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
# Threads that wait must not spin: web, worker and beat may share two cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
app = Celery(
    "marginalia",
    include=[
        "tasks.training",
        "tasks.prediction",
        "tasks.fast_lane",
        "tasks.imports",
        "tasks.exports",
        "tasks.maintenance",
        "tasks.presence",
        "tasks.rules",
        "tasks.learning",
        "tasks.yardstick",
    ],
)
app.config_from_object("django.conf:settings", namespace="CELERY")
