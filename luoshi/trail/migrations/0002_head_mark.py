"""Sign where every story ends, from now on and for the stories there are."""

from django.conf import settings
from django.db import migrations, models

from luoshi.trail.rules import head_mark

CHUNK = 5000


def sign(apps, editor):
    """Heads only move forward: their guard steps aside, and is put up again after the migrate."""
    Head = apps.get_model("trail", "Head")
    connection = editor.connection
    on = " ON trail_head" if connection.vendor == "postgresql" else ""
    rows = Head.objects.using(connection.alias).order_by("pk")
    if not rows.exists():
        return
    editor.execute(f"DROP TRIGGER IF EXISTS trail_head_forward{on}")
    last = 0
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        marks = [
            (
                head_mark(
                    settings.SEAL_KEY,
                    about_kind=head.about_kind,
                    about_id=head.about_id,
                    seq=head.seq,
                    hash=head.hash,
                ),
                head.pk,
            )
            for head in chunk
        ]
        with connection.cursor() as cursor:
            cursor.executemany("UPDATE trail_head SET mark = %s WHERE id = %s", marks)
        last = chunk[-1].pk


class Migration(migrations.Migration):
    dependencies = [("trail", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="head",
            name="mark",
            field=models.CharField(blank=True, default="", max_length=32),
        ),
        migrations.RunPython(sign, migrations.RunPython.noop),
    ]
