from django.db import migrations, models

SQLITE = (
    "CREATE VIRTUAL TABLE search_grams USING fts5("
    'grams, tokenize = "unicode61 remove_diacritics 0", detail = full)',
)
POSTGRESQL = (
    "ALTER TABLE search_entry ADD COLUMN grams tsvector",
    "CREATE INDEX search_entry_grams ON search_entry USING gin (grams)",
)


def make_index(apps, schema_editor):
    sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in SQLITE if sqlite else POSTGRESQL:
        schema_editor.execute(statement)


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE search_grams")


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("key", models.CharField(max_length=40)),
                ("task_id", models.BigIntegerField(null=True)),
                ("year", models.PositiveSmallIntegerField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["task_id"], name="search_entry_task")],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "key"), name="search_entry_once")
                ],
            },
        ),
        migrations.RunPython(make_index, drop_index),
    ]
