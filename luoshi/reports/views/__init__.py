"""The pages of reporting, one file per part.

reporting  write and read reports of one task
month      all reports of a month on one page
results    final results for further sets
packs      year-end material of a unit as one file
"""

from luoshi.reports.views.explaining import why_due
from luoshi.reports.views.month import keep_evidence, month_page
from luoshi.reports.views.packs import pack, pack_progress, packs
from luoshi.reports.views.reporting import (
    add_document,
    amend,
    children,
    look,
    reports,
    result,
    submit,
)
from luoshi.reports.views.results import date_set, export_results, set_results, sets

__all__ = [
    "add_document",
    "amend",
    "children",
    "date_set",
    "export_results",
    "keep_evidence",
    "look",
    "month_page",
    "pack",
    "pack_progress",
    "packs",
    "reports",
    "result",
    "set_results",
    "sets",
    "submit",
    "why_due",
]
