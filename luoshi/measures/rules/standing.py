"""What does not fit together in a measure: keys of one section, and sections with each other."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from luoshi.measures.rules import (
    Before,
    Gate,
    OnSilence,
    Purpose,
    Rhythm,
    SplitKind,
    Urgency,
    Visibility,
    colours,
)
from luoshi.measures.rules.keys import Content, Fault, Table, describe

#: Rhythms that come back by the calendar and need the day they are due by.
BY_MONTH = {Rhythm.MONTHLY, Rhythm.BIMONTHLY, Rhythm.QUARTERLY, Rhythm.HALF_YEARLY}

#: Which setting says whether there is an approval of that purpose.
GATE_OF = {
    Purpose.ISSUE: ("line", "approval"),
    Purpose.REPORT: ("reporting", "report_approval"),
    Purpose.EXTEND: ("change", "extend"),
}


def line_faults(data: Table, content: Content) -> Iterator[Fault]:
    if data["sign_off"] == Gate.NEVER:
        if data["sign_days"] is not None:
            yield Fault(
                "sign_days",
                describe(data["sign_days"]),
                _("nothing, as nobody has to sign (sign_off is “never”)"),
            )
        if data["on_silence"] != OnSilence.NOTHING:
            yield Fault(
                "on_silence",
                describe(data["on_silence"]),
                _("“nothing”, as nobody has to sign (sign_off is “never”)"),
            )
    elif data["on_silence"] != OnSilence.NOTHING and data["sign_days"] is None:
        yield Fault(
            "sign_days",
            _("nothing"),
            _("the number of days after which silence counts (on_silence is “%(value)s”)")
            % {"value": data["on_silence"]},
        )
    if data["approval"] == Gate.ALWAYS and not _links(content, Purpose.ISSUE):
        yield _chain_missing("approval", Purpose.ISSUE)


def _links(content: Content, purpose: Purpose) -> list[Table]:
    chain: Any = content.get("chain", [])
    return [link for link in chain if link["purpose"] == purpose]


def _chain_missing(key: str, purpose: Purpose) -> Fault:
    return Fault(
        key,
        describe(str(Gate.ALWAYS)),
        _('at least one [[measure.chain]] with purpose = "%(purpose)s", or another value here')
        % {"purpose": purpose},
    )


def breaking_down_faults(data: Table, content: Content) -> Iterator[Fault]:
    if data["split"] == SplitKind.NONE and data["split_depth"] is not None:
        yield Fault(
            "split_depth",
            describe(data["split_depth"]),
            _("nothing, as tasks are not broken down (split is “none”)"),
        )


def reporting_faults(data: Table, content: Content) -> Iterator[Fault]:
    yield from _report_day_faults(data)
    if data["rhythm"] == Rhythm.NONE and data["grace_days"]:
        yield Fault(
            "grace_days",
            describe(data["grace_days"]),
            _("0, as no report is due at fixed times (rhythm is “none”)"),
        )
    if data["report_approval"] == Gate.ALWAYS and not _links(content, Purpose.REPORT):
        yield _chain_missing("report_approval", Purpose.REPORT)


def _report_day_faults(data: Table) -> Iterator[Fault]:
    rhythm, day = data["rhythm"], data["report_day"]
    if rhythm in BY_MONTH and day is None:
        yield Fault(
            "report_day",
            _("nothing"),
            _("the day of the month reports are due by, 1 to 31 (31 is the last day)"),
        )
    elif rhythm == Rhythm.WEEKLY and (day is None or day > 7):
        yield Fault(
            "report_day",
            _("nothing") if day is None else describe(day),
            _("the day of the week reports are due by, 1 (Monday) to 7 (Sunday)"),
        )
    elif rhythm not in BY_MONTH | {Rhythm.WEEKLY} and day is not None:
        yield Fault(
            "report_day",
            describe(day),
            _("nothing, as this rhythm has no day of the month (rhythm is “%(value)s”)")
            % {"value": rhythm},
        )


def report_days_faults(data: Table, content: Content) -> Iterator[Fault]:
    reporting: Any = content["reporting"]
    rhythm = reporting["rhythm"]
    for key, wanted in (("after_issue", Rhythm.AFTER_ISSUE), ("dates", Rhythm.OWN_DATES)):
        if rhythm == wanted and not data[key]:
            yield Fault(
                key, _("nothing"), _("at least one day (rhythm is “%(value)s”)") % {"value": rhythm}
            )
        elif rhythm != wanted and data[key]:
            yield Fault(
                key,
                _("a list"),
                _("nothing, unless rhythm is “%(wanted)s” (rhythm is “%(value)s”)")
                % {"wanted": wanted, "value": rhythm},
            )


def change_faults(data: Table, content: Content) -> Iterator[Fault]:
    if data["extend"] == Before.NEVER and data["extend_times"] is not None:
        yield Fault(
            "extend_times",
            describe(data["extend_times"]),
            _("nothing, as no extension may be asked (extend is “never”)"),
        )


def visibility_faults(data: Table, content: Content) -> Iterator[Fault]:
    if data["public"] and data["visibility"] != Visibility.EVERYONE:
        yield Fault(
            "public",
            describe(True),
            _("false, unless everyone inside may see the tasks too (visibility is “everyone”)"),
        )


def chain_faults(data: list[Table], content: Content) -> Iterator[Fault]:
    for row, link in enumerate(data):
        if bool(link["duty"]) == bool(link["body"]):
            yield Fault(
                "duty",
                _("both duty and body") if link["duty"] else _("neither duty nor body"),
                _("exactly one of duty and body, so that it is clear who decides"),
                row,
            )
        if link["purpose"] != Purpose.EXTEND:
            for key in ("from_days", "from_count"):
                if link[key] is not None:
                    yield Fault(
                        key,
                        describe(link[key]),
                        _("nothing, as only steps for extensions depend on days or times"),
                        row,
                    )
        yield from _useless_link(row, link, content)


def _useless_link(row: int, link: Table, content: Content) -> Iterator[Fault]:
    """A chain for an approval that never happens."""
    section, key = GATE_OF[Purpose(link["purpose"])]
    gate: Any = content[section]
    if gate[key] == Gate.NEVER:
        yield Fault(
            "purpose",
            describe(link["purpose"]),
            _(
                "another purpose: this approval never happens ([measure.%(section)s] %(key)s is "
                "“never”)"
            )
            % {"section": section, "key": key},
            row,
        )


def deadlines_faults(data: list[Table], content: Content) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for row, deadline in enumerate(data):
        if deadline["urgency"] in seen:
            yield Fault(
                "urgency",
                describe(deadline["urgency"]),
                _("each urgency once; it already stands above"),
                row,
            )
        seen.setdefault(deadline["urgency"], row)
    ranked = [(u, data[seen[u]]["days"]) for u in Urgency.values if u in seen]
    for (_slow, more), (fast, fewer) in pairwise(ranked):
        if fewer > more:
            yield Fault(
                "days",
                describe(fewer),
                _("no more than the %(days)s days of a less urgent task") % {"days": more},
                seen[fast],
            )


def nodes_faults(data: list[Table], content: Content) -> Iterator[Fault]:
    names: set[str] = set()
    for row, node in enumerate(data):
        if row and node["days"] < data[row - 1]["days"]:
            yield Fault(
                "days",
                describe(node["days"]),
                _("%(days)s or more: milestones stand in the order of their days")
                % {"days": data[row - 1]["days"]},
                row,
            )
        if node["name"] in names:
            yield Fault("name", describe(node["name"]), _("each milestone once"), row)
        names.add(node["name"])


def lights_faults(data: list[Table], content: Content) -> Iterator[Fault]:
    seen: dict[str, set[str]] = {"health": set(), "label": set(), "colour": set()}
    allowed = {
        "health": _("each state once; it already stands above"),
        "label": _("a word of its own; another light has this one already"),
        "colour": _("a colour of its own; another light has this one already"),
    }
    for row, light in enumerate(data):
        for key, known in seen.items():
            if light[key] in known:
                yield Fault(key, describe(light[key]), allowed[key], row)
                break
            known.add(light[key])
        contrast = colours.contrast(light["colour"])
        if contrast < colours.STANDS_OUT:
            yield Fault(
                "colour",
                _("“%(colour)s”, with a contrast of %(contrast)s to white")
                % {"colour": light["colour"], "contrast": f"{contrast:.2f}"},
                _("a darker colour, with a contrast of at least %(least)s to white")
                % {"least": colours.STANDS_OUT},
                row,
            )
