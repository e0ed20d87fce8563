"""The pages of reporting, one file per part: reporting (write and read reports of one task), …"""

from luoshi.reports.views.explaining import why_due
from luoshi.reports.views.reporting import (
    add_document,
    amend,
    children,
    reports,
    result,
    submit,
)

__all__ = ["add_document", "amend", "children", "reports", "result", "submit", "why_due"]
