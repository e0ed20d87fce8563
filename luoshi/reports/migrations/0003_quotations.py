"""Passages quoted from reports on sub-tasks, problems passed over, the share copied (RPT-3)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_report_unchanged")]

    operations = [
        migrations.AddField(
            model_name="report",
            name="copied",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.CreateModel(
            name="Quotation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "letter",
                    models.CharField(help_text="a key of rules.copying.LETTERS", max_length=1),
                ),
                ("start", models.PositiveIntegerField(help_text="characters before the passage")),
                ("text", models.TextField()),
                ("order", models.PositiveSmallIntegerField()),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="quotations",
                        to="reports.report",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quoted_in",
                        to="reports.report",
                    ),
                ),
            ],
            options={
                "ordering": ["order"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("report", "order"), name="quotation_order_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True),
                        name="quotation_says_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("report", models.F("source")), _negated=True),
                        name="quotation_of_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PassedOver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "letter",
                    models.CharField(help_text="a key of rules.copying.LETTERS", max_length=1),
                ),
                ("text", models.TextField()),
                ("irrelevant", models.BooleanField(default=False)),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="passed_over",
                        to="reports.report",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reports.report",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("report", "source", "letter"), name="passed_over_once"
                    )
                ],
            },
        ),
    ]
