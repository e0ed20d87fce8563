"""Who acts. Rooms know people as `Actor`: a number, a name, and for whom they act."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A person, or the system, acting; ``for_id`` is set when acting for a leader (ORG-2)."""

    id: int | None
    name: str
    for_id: int | None = None
    for_name: str = ""

    @property
    def is_system(self) -> bool:
        return self.id is None


SYSTEM = Actor(None, "系统")
