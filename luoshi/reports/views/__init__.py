"""The pages of reporting, one file per part.

reporting  write and read reports of one task
month      all reports of a month on one page
"""

from luoshi.reports.views.explaining import why_due
from luoshi.reports.views.month import keep_evidence, month_page
from luoshi.reports.views.reporting import (
    add_document,
    amend,
    children,
    look,
    reports,
    result,
    submit,
)

__all__ = [
    "add_document",
    "amend",
    "children",
    "keep_evidence",
    "look",
    "month_page",
    "reports",
    "result",
    "submit",
    "why_due",
]
