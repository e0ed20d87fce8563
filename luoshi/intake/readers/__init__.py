"""Files in, grids out: `read_tables` is the door; workbooks, documents and texts each have a file.

read_tables(name, data)  ─┬─ workbooks   .xlsx .xls .et .ods
                          ├─ documents   .docx
                          └─ texts       .csv .txt
"""

import io

from django.utils.translation import gettext as _

from luoshi.files import readers as looks
from luoshi.files import rules as files
from luoshi.intake.readers import documents, texts, workbooks
from luoshi.intake.rules.grid import Grid
from luoshi.kit.verdict import Refused, stands

_READERS = {
    "xlsx": workbooks.read,
    "xls": workbooks.read,
    "ods": workbooks.read,
    "docx": documents.read,
    "text": texts.read,
}


def read_tables(name: str, data: bytes, *, limit: int) -> list[Grid]:
    """The tables of a file that hold anything; ``limit`` is the largest size in bytes.

    Raises Refused with a sentence for the clerk: empty, protected by a password, renamed, too
    large, damaged, no table in it. The content decides what a file is, never its name.
    """
    look = looks.look_at(io.BytesIO(data))
    stands(files.check_upload(look, name, limit), "file")
    kind = files.kind_of(look)
    if kind == "doc":
        raise Refused(
            _("“%(name)s” is in the old Word format. Save it as .docx and upload that.")
            % {"name": name},
            "file",
        )
    if kind not in _READERS:
        raise Refused(
            _("“%(name)s” holds no table. Upload an Excel workbook, a Word document or a CSV file.")
            % {"name": name},
            "file",
        )
    grids = [grid for grid in _READERS[kind](name, data) if grid.lines]
    if not grids:
        raise Refused(_("“%(name)s” holds no table with any text.") % {"name": name}, "file")
    return grids
