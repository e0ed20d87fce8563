"""The sections that `measures` itself owns: what they are called, what each switch means.

A new switch is a column in `models`, a key here, a sentence in `rules.words` (docs/measures.md).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db.models import BooleanField, CharField, Model, PositiveSmallIntegerField
from django.utils.translation import gettext_lazy as _

from luoshi.measures.kinds import Columns, Rows
from luoshi.measures.models import ChainLink, Deadline, Light, Measure, NodeTemplate, ReportDay
from luoshi.measures.rules import (
    Average,
    Before,
    CancelBy,
    CompletedBy,
    Gate,
    Health,
    LateReport,
    Mode,
    OnSilence,
    ProgressRule,
    Purpose,
    Rhythm,
    RollUp,
    SplitKind,
    Urgency,
    Visibility,
    listed,
    standing,
    words,
)
from luoshi.measures.rules.keys import REQUIRED, Data, Key, Kind, Section, Table
from luoshi.people.roles import Duty


def _field(model: type[Model], name: str) -> Any:
    return model._meta.get_field(name)


def choice(
    name: str, choices: Any, help_text: Any, default: Any = REQUIRED, model: type[Model] = Measure
) -> Key:
    field = _field(model, name)
    if model is Measure:
        default = str(field.default)
    return Key(name, Kind.CHOICE, field.verbose_name, help_text, default, choices=choices)


def flag(name: str, help_text: Any) -> Key:
    field = _field(Measure, name)
    assert isinstance(field, BooleanField)
    return Key(name, Kind.FLAG, field.verbose_name, help_text, field.default)


def whole(
    name: str,
    help_text: Any,
    lowest: int,
    highest: int,
    default: Any = None,
    model: type[Model] = Measure,
) -> Key:
    field = _field(model, name)
    assert isinstance(field, PositiveSmallIntegerField)
    return Key(
        name, Kind.WHOLE, field.verbose_name, help_text, default, lowest=lowest, highest=highest
    )


def text(name: str, help_text: Any, model: type[Model], default: Any = REQUIRED) -> Key:
    field = _field(model, name)
    assert isinstance(field, CharField)
    return Key(
        name, Kind.TEXT, field.verbose_name, help_text, default, longest=field.max_length or 0
    )


LINE = Section(
    "line",
    _("The line"),
    (
        choice("approval", Gate, _("Whether a task must be approved before it is issued.")),
        choice("sign_off", Gate, _("Whether those a task is issued to sign for it or refuse it.")),
        whole("sign_days", _("Days they have for signing; empty: no limit."), 1, 90),
        choice("on_silence", OnSilence, _("What it means when nobody has signed in time.")),
        choice("review", Gate, _("Whether somebody accepts the result before a task is done.")),
        choice("assessment", Gate, _("Whether assessors score a task before it is closed.")),
    ),
    words.line_words,
    required=True,
    faults=standing.line_faults,
    needs=("chain",),
    help=_("Which stops a task makes between registration and close."),
    store=Columns(),
)

BREAKING_DOWN = Section(
    "breaking_down",
    _("Breaking down"),
    (
        choice("split", SplitKind, _("Which tasks the responsible person may break down.")),
        whole("split_depth", _("Levels below the first task; empty: no limit."), 1, 20),
        flag("personal_assessed", _("Whether tasks of single persons are assessed too.")),
        flag("child_due_within", _("Whether a sub-task must be due by the day of its parent.")),
        flag("needs_due", _("Whether a task needs a due date before it is issued.")),
        flag("needs_details", _("Whether a task needs its details before it is issued.")),
        flag("needs_standard", _("Whether a task needs its standard before it is issued.")),
        choice("roll_up", RollUp, _("Where the progress of a task with sub-tasks comes from.")),
    ),
    words.breaking_down_words,
    required=True,
    faults=standing.breaking_down_faults,
    help=_("How a task is divided, and what every task must say."),
    store=Columns(),
)

REPORTING = Section(
    "reporting",
    _("Reporting"),
    (
        choice("rhythm", Rhythm, _("How often a report is due at least.")),
        whole(
            "report_day",
            _("The day by which it is due: of the month (31 is the last day), or of the week."),
            1,
            31,
        ),
        whole("grace_days", _("Days after it on which a report is still on time."), 0, 31, 0),
        choice("late_report", LateReport, _("Which period a report after the day counts for.")),
        flag("needs_text", _("Whether a report must say something in words.")),
        flag("needs_evidence", _("Whether a report must carry evidence.")),
        choice("progress_rule", ProgressRule, _("Whether progress may go back.")),
        choice("completed_by", CompletedBy, _("What makes a task complete.")),
        flag(
            "result_only",
            _("Whether tasks of other sets that count in this one owe it a final result only."),
        ),
        choice("report_approval", Gate, _("Whether a report is approved before it counts.")),
        whole(
            "copied_at_most",
            _("Percent of a report that may be copied from sub-tasks; empty: no limit."),
            0,
            100,
        ),
        whole(
            "unchanged_at_most",
            _("Reports of “no change” that may follow each other; empty: no limit."),
            0,
            99,
        ),
    ),
    words.reporting_words,
    required=True,
    faults=standing.reporting_faults,
    needs=("chain",),
    help=_("When and how the responsible person reports."),
    store=Columns(),
)


def _day_rows(data: Table) -> list[Table]:
    days: list[Table] = [{"after_days": day} for day in data["after_issue"]]
    return days + [{"month": int(day[:2]), "day": int(day[3:])} for day in data["dates"]]


def _days_again(rows: list[Table]) -> Data:
    return {
        "after_issue": sorted(row["after_days"] for row in rows if row["after_days"] is not None),
        "dates": sorted(f"{row['month']:02}-{row['day']:02}" for row in rows if row["month"]),
    }


REPORT_DAYS = Section(
    "report_days",
    _("Reporting days"),
    (
        Key(
            "after_issue",
            Kind.NUMBERS,
            _("days after issue"),
            _("For the rhythm “fixed days after issue”: 1, 3, 7."),
            [],
            lowest=0,
            highest=999,
        ),
        Key(
            "dates",
            Kind.YEAR_DAYS,
            _("days of the year"),
            _("For the rhythm “own dates”: 03-31, 12-15."),
            [],
        ),
    ),
    words.report_days_words,
    faults=standing.report_days_faults,
    needs=("reporting",),
    help=_("Only for the rhythms that name their days one by one."),
    store=Rows(ReportDay, _day_rows, _days_again, ("pk",)),
)

CHANGE = Section(
    "change",
    _("Dates and changes"),
    (
        flag("working_days", _("Whether days allowed are working days.")),
        choice("extend", Before, _("Until when more time may be asked for.")),
        whole("extend_times", _("How often at most; empty: no limit."), 1, 99),
        choice("cancel_by", CancelBy, _("Who may cancel an issued task.")),
        flag("carry_over", _("Whether unfinished tasks may go into the next year.")),
    ),
    words.change_words,
    required=True,
    faults=standing.change_faults,
    help=_("How days are counted, and how a task may change its course."),
    store=Columns(),
)


def _pack(name: str, value: Any) -> Any:
    return ",".join(str(number) for number in value) if isinstance(value, list) else value


def _unpack(name: str, value: Any) -> Any:
    return list(listed(value)) if isinstance(value, str) else value


REMINDERS = Section(
    "reminders",
    _("Reminders"),
    (
        Key(
            "remind_before",
            Kind.NUMBERS,
            _field(Measure, "remind_before").verbose_name,
            _("Days before the due date on which the responsible person is reminded: 1, 3, 7."),
            [],
            lowest=0,
            highest=90,
        ),
        Key(
            "remind_on",
            Kind.NUMBERS,
            _field(Measure, "remind_on").verbose_name,
            _("Days of the month on which whoever still owes a report is reminded: 25, 28."),
            [],
            lowest=1,
            highest=31,
        ),
    ),
    words.reminders_words,
    help=_("When those responsible are reminded; nobody is on a day off."),
    store=Columns(_pack, _unpack),
)

ASSESSMENT = Section(
    "assessment",
    _("Assessment"),
    (choice("average", Average, _("What the points of several assessors come to.")),),
    words.assessment_words,
    help=_("How the assessors' points become the result of a task."),
    store=Columns(),
)

DIAGNOSIS = Section(
    "diagnosis",
    _("Diagnosis and improvement"),
    (
        Key(
            "diagnose_in",
            Kind.NUMBERS,
            _field(Measure, "diagnose_in").verbose_name,
            _("Months by whose end problem and improvement are written down; empty: never."),
            [],
            lowest=1,
            highest=12,
        ),
        flag("needs_cause", _("Whether the cause of a problem must be given.")),
        flag("needs_action_owner", _("Whether an improvement must name who carries it out.")),
        flag("needs_action_date", _("Whether an improvement must name a date.")),
    ),
    words.diagnosis_words,
    required=True,
    help=_("When those responsible look back at what went wrong."),
    store=Columns(_pack, _unpack),
)

VISIBILITY = Section(
    "visibility",
    _("Who may see"),
    (
        choice("visibility", Visibility, _("Who may look up tasks of this kind.")),
        flag("public", _("Whether tasks may be shown on the public board.")),
    ),
    words.visibility_words,
    required=True,
    faults=standing.visibility_faults,
    help=_("Who may look up tasks, besides those who take part."),
    store=Columns(),
)

NUMBERING = Section(
    "numbering",
    _("Numbering"),
    (
        Key(
            "number_pattern",
            Kind.PATTERN,
            _field(Measure, "number_pattern").verbose_name,
            _("{year} stands for the year, {n} for the number, {n:03} for 001, 002 …"),
            str(_field(Measure, "number_pattern").default),
        ),
    ),
    words.numbering_words,
    required=True,
    help=_("What the number of an issued task looks like."),
    store=Columns(),
)


def _numbered(data: list[Table]) -> list[Table]:
    return [{**row, "order": place} for place, row in enumerate(data, start=1)]


def _numbered_by_purpose(data: list[Table]) -> list[Table]:
    return [
        {**row, "order": place}
        for purpose in Purpose.values
        for place, row in enumerate((r for r in data if r["purpose"] == purpose), start=1)
    ]


def _as_they_are(data: list[Table]) -> list[Table]:
    return [dict(row) for row in data]


def _kept(
    model: type[Model], keys: Sequence[Key], to_rows: Callable[[Any], list[Table]], *order_by: str
) -> Rows:
    """Rows that hold the keys as columns, one row per table of the file."""
    names = [key.name for key in keys]
    return Rows(
        model, to_rows, lambda rows: [{name: row[name] for name in names} for row in rows], order_by
    )


def _sorted_by(key: str, choices: Any) -> Callable[[list[Table]], list[Table]]:
    """The order of an enumeration; rows of the same member stay as they stand."""
    return lambda data: sorted(data, key=lambda row: choices.values.index(row[key]))


def _named_by(key: str) -> Callable[[list[Table]], list[str]]:
    return lambda data: [row[key] for row in data]


def _link_names(data: list[Table]) -> list[str]:
    return list(_count_up(row["purpose"] for row in data))


def _count_up(purposes: Iterator[str]) -> Iterator[str]:
    places: dict[str, int] = {}
    for purpose in purposes:
        places[purpose] = places.get(purpose, 0) + 1
        yield f"{purpose}.{places[purpose]}"


_CHAIN_KEYS = (
    choice("purpose", Purpose, _("What is approved."), model=ChainLink),
    choice("duty", Duty, _("Decided by whoever holds this duty."), "", ChainLink),
    Key(
        "body",
        Kind.KNOWN,
        _field(ChainLink, "body").verbose_name,
        _("Or decided by this body; its secretary writes the decision down."),
        "",
        known="bodies",
    ),
    choice("mode", Mode, _("Whether one agreement is enough."), str(Mode.ANY), ChainLink),
    whole(
        "from_days",
        _("Only for extensions of at least so many days; empty: always."),
        1,
        999,
        model=ChainLink,
    ),
    whole(
        "from_count",
        _("Only from this extension on (2: the second); empty: always."),
        1,
        99,
        model=ChainLink,
    ),
)
CHAIN = Section(
    "chain",
    _("Approvers, step after step"),
    _CHAIN_KEYS,
    words.chain_words,
    many=True,
    ordered=True,
    faults=standing.chain_faults,
    needs=("line", "reporting", "change"),
    row_names=_link_names,
    normal=_sorted_by("purpose", Purpose),
    help=_("Who decides, in this order; each step is a duty or a body."),
    store=_kept(ChainLink, _CHAIN_KEYS, _numbered_by_purpose, "purpose", "order"),
)

_DEADLINE_KEYS = (
    choice("urgency", Urgency, _("How urgent the task is."), model=Deadline),
    whole("days", _("Days from issue to the due date."), 0, 999, REQUIRED, Deadline),
)
DEADLINES = Section(
    "deadlines",
    _("Days allowed by urgency"),
    _DEADLINE_KEYS,
    words.deadlines_words,
    many=True,
    faults=standing.deadlines_faults,
    row_names=_named_by("urgency"),
    normal=_sorted_by("urgency", Urgency),
    help=_("The due date proposed for a task of this urgency."),
    store=_kept(Deadline, _DEADLINE_KEYS, _as_they_are, "pk"),
)

_NODE_KEYS = (
    text("name", _("What is to be reached."), NodeTemplate),
    whole("days", _("Days after issue."), 0, 999, REQUIRED, NodeTemplate),
)
NODES = Section(
    "nodes",
    _("Milestones every task starts with"),
    _NODE_KEYS,
    words.nodes_words,
    many=True,
    ordered=True,
    faults=standing.nodes_faults,
    help=_("Milestones in the order of their days."),
    store=_kept(NodeTemplate, _NODE_KEYS, _numbered, "order"),
)

_LIGHT_KEYS = (
    choice("health", Health, _("Which state."), model=Light),
    text("label", _("The word shown for it."), Light),
    Key("colour", Kind.COLOUR, _field(Light, "colour").verbose_name, _("Its colour.")),
)
LIGHTS = Section(
    "lights",
    _("Colours"),
    _LIGHT_KEYS,
    words.lights_words,
    many=True,
    faults=standing.lights_faults,
    row_names=_named_by("health"),
    normal=_sorted_by("health", Health),
    help=_("Words and colours of the states; a state left out keeps the usual ones."),
    store=_kept(Light, _LIGHT_KEYS, _as_they_are, "pk"),
)

OWN = (
    LINE,
    CHAIN,
    BREAKING_DOWN,
    DEADLINES,
    NODES,
    REPORTING,
    REPORT_DAYS,
    REMINDERS,
    CHANGE,
    ASSESSMENT,
    DIAGNOSIS,
    VISIBILITY,
    NUMBERING,
    LIGHTS,
)
