"""Find what waits for approval without reading every task."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("tasks", "0004_open_tasks")]

    operations = [
        migrations.AddIndex(
            model_name="task",
            index=models.Index(fields=["unit"], name="task_proposed", condition=Q(status=20)),
        ),
    ]
