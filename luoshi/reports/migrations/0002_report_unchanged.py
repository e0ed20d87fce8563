"""Reports that say that nothing has changed (RPT-5)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="report",
            name="unchanged",
            field=models.BooleanField(default=False, verbose_name="no change"),
        ),
    ]
