"""What is typed during an import: the file, the columns, answers to names and dates, a row."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from luoshi.intake import queries
from luoshi.intake.models import ImportBatch, ImportRow, UnresolvedName
from luoshi.intake.rules.headers import Column, Header, columns_of
from luoshi.intake.rules.stored import row_from
from luoshi.intake.rules.table import LONGEST_TITLE, NameKind
from luoshi.intake.rules.text import is_left_out
from luoshi.intake.rules.units import UnitNames, means_many
from luoshi.intake.services.settling import Answer
from luoshi.kit.once import new_key
from luoshi.measures.models import Category
from luoshi.people.forms import PersonField, UnitField


def _day(**options: Any) -> forms.DateField:
    """A date with the browser's own picker."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(widget=widget, required=False, **options)


class UploadForm(forms.Form):
    """The file and where its tasks go."""

    upload = forms.FileField(
        label=_("File"),
        help_text=_(
            "Excel (.xlsx, .xls), Word (.docx) or CSV. The first table header found counts."
        ),
    )
    category = forms.ModelChoiceField(queryset=Category.objects.none(), label=_("Category"))
    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2099)
    default_due = _day(
        label=_("Due date of rows without one"),
        help_text=_("Leave it empty to set the dates later, before the tasks are issued."),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(self, data: Any, files: Any, *, year: int, categories: Any) -> None:
        super().__init__(data, files, initial={"year": year, "key": new_key()})
        self.fields["category"].queryset = categories  # type: ignore[attr-defined]
        self.fields["upload"].widget.attrs["accept"] = ".xlsx,.xls,.et,.ods,.docx,.csv,.txt"


class ReturnForm(forms.Form):
    """An exported list that was edited."""

    upload = forms.FileField(
        label=_("File"),
        help_text=_("The workbook of the export itself, edited and saved as .xlsx."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.et,.ods"}),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, initial={"key": new_key()})


class RevForm(forms.Form):
    """The version of the batch the clerk was looking at."""

    rev = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class TableForm(forms.Form):
    """One table of the file: whether it is used, where its header ends, what its columns mean."""

    use = forms.BooleanField(label=_("Import this table"), required=False)

    def __init__(self, data: Any, *, prefix: str, entry: dict[str, Any], lines: int) -> None:
        super().__init__(data, prefix=prefix)
        self.entry = entry
        self.fields["use"].initial = entry["use"]
        rows: list[tuple[str, Any]] = [(str(n), str(n + 1)) for n in range(-1, min(lines, 15))]
        rows[0] = ("-1", _("no header; goes on from the table before"))
        for name, label in (
            ("first", _("Header begins in line")),
            ("last", _("Header ends in line")),
        ):
            self.fields[name] = forms.ChoiceField(
                choices=rows, initial=str(entry[name]), label=label
            )
        for index, column in enumerate(entry["columns"]):
            self.fields[f"column{index}"] = forms.ChoiceField(
                choices=Column.choices,
                initial=column,
                label=entry["names"][index] or _("(no title)"),
            )

    @property
    def columns(self) -> list[Any]:
        return [self[f"column{index}"] for index in range(len(self.entry["columns"]))]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if int(data.get("last", 0)) < int(data.get("first", 0)):
            self.add_error("last", _("The header ends before it begins."))
        return data

    def entry_chosen(self, lines: Sequence[Any]) -> dict[str, Any]:
        """The entry as the clerk wants it; where the header moved its titles are read again."""
        data = self.cleaned_data
        first, last = int(data["first"]), int(data["last"])
        entry = {**self.entry, "use": data["use"], "first": first, "last": last}
        width = len(self.entry["columns"])
        if (first, last) != (self.entry["first"], self.entry["last"]) and 0 <= last < len(lines):
            names = tuple(_title(lines[max(first, 0) : last + 1], i) for i in range(width))
            header = Header(first, last, names, columns_of(names))
            return {**entry, "names": list(names), "columns": [str(c) for c in header.columns]}
        return {**entry, "columns": [data[f"column{i}"] for i in range(width)]}


def _title(lines: Sequence[Any], column: int) -> str:
    """The lowest title of a column among the lines of a header."""
    return next((line.text(column) for line in reversed(lines) if line.text(column)), "")


class NameForm(forms.Form):
    """The answer to one open name or date."""

    ignore = forms.BooleanField(label=_("Leave it empty"), required=False)

    def __init__(self, data: Any, *, name: UnresolvedName, units: UnitNames) -> None:
        super().__init__(data, prefix=f"n{name.pk}")
        self.name = name
        self.fields["ignore"].initial = is_left_out(name.text)
        if name.kind == NameKind.UNIT:
            self._ask_units(units)
        elif name.kind == NameKind.PERSON:
            self.fields["person"] = PersonField(label=NameKind.PERSON.label, required=False)
        else:
            self.fields["day"] = _day(label=_("Day"))
            self.fields["ignore"].label = _("No date")
        for field_name, field in self.fields.items():
            if field_name not in ("ignore", "remember", "likely"):
                field.widget.attrs["aria-label"] = f"{field.label}：{name.text}"

    def _ask_units(self, units: UnitNames) -> None:
        known = queries.unit_labels(units.likely(self.name.text))
        self.kinds = queries.units_of_kinds_in(self.name.text)
        if known or self.kinds:
            self.fields["likely"] = forms.MultipleChoiceField(
                choices=[(key, label) for key, (label, _ids) in self.kinds.items()]
                + [(str(pk), label) for pk, label in known],
                widget=forms.CheckboxSelectMultiple,
                required=False,
                label=_("Perhaps"),
            )
        self.fields["units"] = UnitField(label=_("Unit"), required=False, multiple=True)
        self.fields["remember"] = forms.BooleanField(
            label=_("Remember this name"),
            required=False,
            initial=not means_many(self.name.text),
        )

    def answer(self) -> Answer:
        data = self.cleaned_data
        chosen: list[int] = []
        for key in data.get("likely") or ():
            chosen += self.kinds[key][1] if key in self.kinds else [int(key)]
        chosen += [unit.pk for unit in data.get("units") or ()]
        person = data.get("person")
        return Answer(
            self.name,
            units=tuple(dict.fromkeys(chosen)),
            person=person.pk if person else None,
            day=data.get("day"),
            ignore=data["ignore"],
            remember=bool(data.get("remember")),
        )


class RowForm(forms.Form):
    """A row as it will become a task; only what is changed counts as typed over."""

    title = forms.CharField(label=Column.TITLE.label, max_length=LONGEST_TITLE, required=False)
    lead = UnitField(label=Column.LEAD.label, required=False)
    cooperating = UnitField(label=Column.COOPERATING.label, required=False, multiple=True)
    owner = PersonField(label=Column.OWNER.label, required=False)
    leader = PersonField(label=Column.LEADER.label, required=False)
    start = _day(label=Column.START.label)
    due = _day(label=Column.DUE.label)
    points = forms.DecimalField(
        label=Column.POINTS.label, required=False, min_value=0, max_digits=8, decimal_places=2
    )
    details = forms.CharField(
        label=Column.DETAILS.label, widget=forms.Textarea(attrs={"rows": 4}), required=False
    )
    standard = forms.CharField(
        label=Column.STANDARD.label, widget=forms.Textarea(attrs={"rows": 4}), required=False
    )
    leave_out = forms.BooleanField(label=_("Leave this row out"), required=False)
    rev = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, data: Any, *, row: ImportRow, batch: ImportBatch) -> None:
        parsed = row_from(row.row, row.kind, row.parsed)
        self.before = {
            name: getattr(parsed, name)
            for name in ("title", "lead", "cooperating", "owner", "leader", "start", "due")
        } | {name: getattr(parsed, name) for name in ("points", "details", "standard")}
        initial: dict[str, Any] = dict(self.before)
        initial["lead"] = queries.units_in([parsed.lead]) or None
        initial["cooperating"] = queries.units_in(parsed.cooperating)
        initial["owner"] = queries.people_in_order([parsed.owner]) or None
        initial["leader"] = queries.people_in_order([parsed.leader]) or None
        super().__init__(data, initial={**initial, "leave_out": row.left_out, "rev": batch.rev})

    def changes(self) -> dict[str, Any]:
        """What differs from the row as it was understood: fields of `rules.table.Row`."""
        typed: dict[str, Any] = {}
        for name, old in self.before.items():
            new = self.cleaned_data[name]
            if name == "cooperating":
                new = tuple(unit.pk for unit in new or ())
            elif name in ("lead", "owner", "leader"):
                new = new.pk if new else None
            elif isinstance(new, str):
                new = new.replace("\r\n", "\n").strip()
            if new != old:
                typed[name] = new
        return typed
