"""Messages, told through the service."""

from luoshi.kit.actor import Actor
from luoshi.notices.models import Message
from luoshi.notices.services import notify
from luoshi.people.models import Person

KIND = "test.issue"


def tell(person: Person, title: str = "实训基地建设", *, by: Actor, **more: object) -> Message:
    """Tell one person one thing; the message."""
    notify([person.pk], KIND, about="task/17", title=title, by=by, due="2026-12-20", **more)
    return Message.objects.filter(person=person).latest("pk")
