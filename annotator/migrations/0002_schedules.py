"""The two schedules that an admin can edit afterwards."""

from django.db import migrations

SCHEDULES = [
    ("Put orphaned work back", "tasks.maintenance.reconcile", 1),
    ("Retrain on schedule", "tasks.maintenance.retrain_on_schedule", 5),
]


def create(apps, schema_editor):
    interval_model = apps.get_model("django_celery_beat", "IntervalSchedule")
    task_model = apps.get_model("django_celery_beat", "PeriodicTask")
    for name, task, minutes in SCHEDULES:
        interval, _ = interval_model.objects.get_or_create(
            every=minutes, period="minutes"
        )
        task_model.objects.get_or_create(
            name=name, defaults={"task": task, "interval": interval}
        )


class Migration(migrations.Migration):
    dependencies = [
        ("annotator", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
