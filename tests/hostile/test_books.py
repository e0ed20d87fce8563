"""Whatever leaves the house as a workbook, a document or an archive: texts, and nothing that acts.

Every text column of every row says a formula; every door that hands out a file is opened.
"""

import io
import re
import zipfile

import openpyxl
import pytest

from luoshi.desk.management.doors import DOORS
from tests.hostile.conftest import url_of
from tests.hostile.test_markup import _plant

pytestmark = pytest.mark.django_db
FORMULA = '=HYPERLINK("http://evil.example/","a")'
#: Ways of the exports that write other columns.
MORE = [
    f"/feedback/export/?year=2026&view={view}" for view in ("reports", "units", "tasks", "dues")
]
MORE += [f"/assessments/export/?scope={scope}" for scope in ("all", "assessing", "mine")]
MORE += ["/tasks/export/?scope=all", "/diagnoses/export/?period=2026-12", "/timeliness/export/"]


@pytest.fixture(scope="module")
def sly(world):
    world.formulas = _plant(FORMULA)
    return world


def _files(sly, knock):
    """Every file some door hands out: its name and content."""
    urls = [url_of(sly, name) for name, door in DOORS.items() if "GET" in door.methods]
    for person in (sly.master, sly.people.sun):
        for url in [*urls, *MORE]:
            answer = knock(person, "GET", url)
            if "attachment" in answer.headers.get("Content-Disposition", ""):
                yield (
                    url,
                    b"".join(answer.streaming_content if answer.streaming else [answer.content]),
                )


def test_no_file_that_leaves_the_house_calculates_or_leads_away(sly, knock):
    books, wrong = set(), []
    for url, content in _files(sly, knock):
        if not zipfile.is_zipfile(io.BytesIO(content)):
            continue
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            for name in names:
                if re.search(rb'Target="[^"]*evil\.example', archive.read(name)):
                    wrong.append(f"{url}: {name} leads away")
                if name.startswith(("/", "..")) or "/../" in name or "\\" in name:
                    wrong.append(f"{url}: {name} climbs")
        if "xl/workbook.xml" not in names:
            continue
        books.add(url.partition("?")[0])
        book = openpyxl.load_workbook(io.BytesIO(content))
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        wrong += [f"{url}: {c.coordinate} {c.value!r}" for c in cells if c.data_type == "f"]
        wrong += [
            f"{url}: {c.coordinate} leads"
            for c in cells
            if c.hyperlink and "evil" in str(c.hyperlink.target)
        ]
    assert not wrong, "\n".join(wrong)
    assert len(books) >= 8, books
