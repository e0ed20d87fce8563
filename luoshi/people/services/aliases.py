"""Further names of units, learned from the tables that use them."""

from django.db import transaction
from django.utils.translation import gettext as _

from luoshi.kit.actor import Actor
from luoshi.kit.verdict import Refused, denied, require
from luoshi.people import rules
from luoshi.people.models import Unit, UnitAlias
from luoshi.people.queries import powers_of_actor
from luoshi.people.roles import Power
from luoshi.trail.services import record


@transaction.atomic
def remember_alias(unit_id: int, name: str, *, by: Actor) -> None:
    """Know a unit by one more name from now on. A name it has already changes nothing.

    Whoever may import tables may do this. Raises Refused where another unit has the name.
    """
    powers = powers_of_actor(by)
    if not (powers.has(Power.IMPORT) or powers.has(Power.EDIT_PEOPLE)):
        require(denied(_("Only who imports tables or edits units may keep a name of a unit.")))
    name = rules.tidy(name)
    unit = Unit.objects.get(pk=unit_id)
    if not name or len(name) > 100 or name in (unit.name, unit.short_name):
        return
    alias, created = UnitAlias.objects.get_or_create(name=name, defaults={"unit": unit})
    if alias.unit_id != unit.pk:
        raise Refused(
            _("“%(alias)s” is another name of “%(unit)s” already.")
            % {"alias": name, "unit": alias.unit.name}
        )
    if created:
        record(unit.ref, "unit.edit", by=by, alias=name)
