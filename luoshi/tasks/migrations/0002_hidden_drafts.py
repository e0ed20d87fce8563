"""Find the drafts of an import, and those nobody sees yet, without reading every task."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("tasks", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                fields=["batch"], name="task_batch", condition=Q(batch__isnull=False)
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(fields=["batch"], name="task_hidden", condition=Q(status=5)),
        ),
    ]
