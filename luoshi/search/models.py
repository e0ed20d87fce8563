"""What can be found by words. The grams themselves stand beside this table, where the database
searches them: a column ``grams`` of type tsvector on PostgreSQL, the table ``search_grams`` (FTS5,
same row numbers) on SQLite. Both are made by the first migration.
"""

from django.db import models


class Entry(models.Model):
    """One searchable text: what it is (kind and key), the task it leads to, and the year."""

    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=40)
    task_id = models.BigIntegerField(null=True)
    year = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="search_entry_once"),
        ]
        indexes = [models.Index(fields=["task_id"], name="search_entry_task")]

    def __str__(self) -> str:
        return f"{self.kind}/{self.key}"
