"""Stories to test with."""

from django.db import connection, transaction

from luoshi.kit.actor import Actor
from luoshi.trail.services import record

LI = Actor(1, "李主任")
CHEN = Actor(4, "陈秘书", for_id=9, for_name="赵副院长")


def tell(about: str, *verbs: str, by: Actor = LI, **data) -> None:
    """Record some verbs about one subject, each in a transaction of its own."""
    for verb in verbs:
        with transaction.atomic():
            record(about, verb, by=by, **data)


def tamper(sql: str, *params) -> int:
    """Change the tables behind the program's back. Returns the number of rows touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.rowcount
