from django.db import migrations, models


class Migration(migrations.Migration):
    """Reports that came late are few among those in time."""

    dependencies = [("reports", "0005_packs")]

    operations = [
        migrations.AddIndex(
            model_name="due",
            index=models.Index(
                fields=["due_on", "id", "task"],
                name="due_late",
                condition=models.Q(filed_on__gt=models.F("due_on")),
            ),
        ),
    ]
