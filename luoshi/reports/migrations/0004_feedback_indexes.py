from django.db import migrations, models


class Migration(migrations.Migration):
    """What the feedback query reads: reports newest first, and what was owed day by day."""

    dependencies = [("reports", "0003_quotations")]

    operations = [
        migrations.AddIndex(
            model_name="report",
            index=models.Index(fields=["status", "-at", "-id", "task"], name="report_newest"),
        ),
        migrations.AddIndex(
            model_name="due",
            index=models.Index(
                fields=["due_on", "id", "task", "void", "filed_on", "closes_on"], name="due_day"
            ),
        ),
    ]
