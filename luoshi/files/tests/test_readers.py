"""Word documents become pages that cannot harm. No database."""

import io
import stat
import subprocess
import urllib.request
import zipfile

import pytest
from PIL import Image

from luoshi.files import readers
from luoshi.files.readers import UnreadableError, read_word, sanitise
from luoshi.files.tests import factories as make


@pytest.fixture
def read(tmp_path):
    def reading(content: bytes) -> readers.Reading:
        path = tmp_path / "a.docx"
        path.write_bytes(content)
        return read_word(path)

    return reading


def refused(read, content: bytes) -> str:
    with pytest.raises(UnreadableError) as caught:
        read(content)
    return caught.value.said


def test_headings_paragraphs_and_merged_cells_survive(read):
    page = read(make.word())
    assert "<h2>工作进展</h2>" in page.html
    assert "<p>实训基地一期建设已完成验收。</p>" in page.html
    assert '<td colspan="2">' in page.html
    assert page.text == "工作进展\n实训基地一期建设已完成验收。\n经费(万元)\n预算\n120"


def test_chinese_heading_styles_are_headings(read):
    style = (
        f'<w:styles {make.WORD}><w:style w:type="paragraph" w:styleId="a3">'
        '<w:name w:val="标题 1"/></w:style></w:styles>'
    ).encode()
    content = make.body("一、总体情况").replace(
        b"<w:p>", b'<w:p><w:pPr><w:pStyle w:val="a3"/></w:pPr>'
    )
    relation = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        b'<Relationship Id="r1" Target="styles.xml" Type="http://schemas.openxmlformats.org/'
        b'officeDocument/2006/relationships/styles"/></Relationships>'
    )
    page = read(
        make.raw_docx(
            content, ("word/styles.xml", style), ("word/_rels/document.xml.rels", relation)
        )
    )
    assert page.html == "<h2>一、总体情况</h2>"


def test_pictures_are_taken_out_and_named_relatively(read):
    picture = make.png(20, 20)
    page = read(make.word(picture=picture))
    assert page.pictures == [picture]
    assert '<img src="picture/1/"' in page.html
    assert page.left_out == 0


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "\x01javascript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "//evil.example/",
        "/people/logout/",
        "file:///etc/passwd",
    ],
)
def test_links_that_run_or_stay_inside_are_removed(read, target):
    try:
        content = make.word_with_link(target)
    except ValueError:  # not even XML can hold it
        return
    page = read(content)
    assert "href" not in page.html
    assert "点此" in page.html


def test_honest_links_stay_and_tell_nothing_of_us(read):
    page = read(make.word_with_link("https://www.moe.gov.cn/a?b=1&c=2"))
    assert 'href="https://www.moe.gov.cn/a?b=1&amp;c=2"' in page.html
    assert 'rel="noopener noreferrer nofollow"' in page.html


@pytest.mark.parametrize("address", ["http://evil.example/a.png", "file:///etc/passwd", "a.png"])
def test_pictures_from_elsewhere_are_never_fetched(read, monkeypatch, address):
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_: pytest.fail("fetched"))
    page = read(make.word_with_outside_picture(address))
    assert "<img" not in page.html
    assert (page.pictures, page.left_out) == ([], 1)


def test_a_picture_that_is_none_is_left_out(read):
    evil = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    picture = make.png()
    content = make.word(picture=picture)
    parts = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            part = archive.read(name)
            parts.append((name, evil if part == picture else part))
    page = read(make.zipped(parts))
    assert "<img" not in page.html
    assert page.left_out == 1


def test_markup_typed_as_text_stays_text(read):
    page = read(make.word("<img src=x onerror=alert(1)><script>alert(2)</script>"))
    assert "<script" not in page.html
    assert "<img" not in page.html
    assert "&lt;img src=x onerror=alert(1)&gt;" in page.html
    assert "<img src=x onerror=alert(1)>" in page.text


def test_the_sanitiser_stands_alone():
    hostile = (
        '<p onclick="x" style="position:fixed" class="btn">甲<script>x</script>'
        '<img src="x" onerror="alert(1)"><img src="https://evil/a.png"><img src="picture/1/">'
        '<a href="javascript:x" id="toasts">乙</a><iframe src="//e"></iframe><form><input></form>'
        '<td colspan="9999999">丙</td></p><a href="#doc-a" id="doc-b">丁</a>'
    )
    kept = sanitise(hostile)
    assert kept == (
        '<p>甲<img src="picture/1/"><a rel="noopener noreferrer nofollow">乙</a></p>丙<p></p>'
        '<a href="#doc-a" id="doc-b" rel="noopener noreferrer nofollow">丁</a>'
    )


# ------------------------------------------------------------------ attacks on the reader


def test_external_entities_are_refused(read):
    head = '<!DOCTYPE w:document [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    assert refused(read, make.raw_docx(make.body("&x;", head))) == "entities"


def test_entities_hidden_in_utf_16_are_refused(read):
    head = '<!DOCTYPE d [<!ENTITY a "aaaa">]>'
    text = make.body("&a;", head).decode().replace("UTF-8", "UTF-16").encode("utf-16")
    assert refused(read, make.raw_docx(text)) == "entities"


def test_entities_in_any_part_are_refused(read):
    part = b'<!DOCTYPE d [<!ENTITY a "a">]><d>&a;</d>'
    assert refused(read, make.raw_docx(make.body("x"), ("word/styles.xml", part))) == "entities"


def test_a_document_nested_without_end_is_refused(read):
    deep = (
        f"<w:document {make.WORD}><w:body>"
        + "<w:p><w:r><w:pict>" * 20_000
        + "</w:pict></w:r></w:p>" * 20_000
        + "</w:body></w:document>"
    )
    assert refused(read, make.raw_docx(deep.encode())) in {"too_big", "damaged"}


def test_too_long_a_document_is_refused_before_it_is_read(read, monkeypatch):
    monkeypatch.setattr(readers, "MAX_WORD_XML", 1000)
    monkeypatch.setattr(readers, "_convert", lambda stream: pytest.fail("was read"))
    assert refused(read, make.raw_docx(make.body("验" * 1000))) == "too_big"


def test_a_bomb_is_refused_here_too(read):
    bomb = make.raw_docx(make.body("x"), ("word/a.xml", bytes(30 * 1024 * 1024)))
    assert refused(read, bomb) == "damaged"


@pytest.mark.parametrize(
    "content",
    [
        b"no zip",
        make.zipped([("[Content_Types].xml", b"x")]),
        make.raw_docx(b"<not closed"),
        make.word()[:3000],
    ],
)
def test_broken_documents_are_said_to_be_broken(read, content):
    assert refused(read, content) == "damaged"


# ------------------------------------------------------------------ old documents


def fake_office(folder, script: str) -> None:
    program = folder / "soffice"
    program.write_text("#!/bin/sh\n" + script)
    program.chmod(program.stat().st_mode | stat.S_IEXEC)


def test_an_old_document_is_read_through_the_office_program(tmp_path, monkeypatch):
    (tmp_path / "new.docx").write_bytes(make.word())
    fake_office(
        tmp_path,
        f'echo "$@" > {tmp_path}/said\nwhile [ "$1" != "--outdir" ]; do shift; done\n'
        f'mkdir -p "$2" && cp {tmp_path}/new.docx "$2/source.docx"\n',
    )
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    source = tmp_path / "a.doc"
    source.write_bytes(make.ole("WordDocument"))
    assert "工作进展" in readers.read_old_word(source).text
    said = (tmp_path / "said").read_text()
    assert "-env:UserInstallation=file://" in said
    assert "--headless" in said


@pytest.mark.parametrize(("script", "said"), [("exit 1", "damaged"), ("exit 0", "protected")])
def test_an_office_program_that_fails_is_told(tmp_path, monkeypatch, script, said):
    fake_office(tmp_path, script)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    source = tmp_path / "a.doc"
    source.write_bytes(make.ole("WordDocument"))
    with pytest.raises(UnreadableError) as caught:
        readers.read_old_word(source)
    assert caught.value.said == said


def test_an_office_program_that_hangs_is_stopped(tmp_path, monkeypatch):
    fake_office(tmp_path, "sleep 30 & wait")  # it has children, as the real one
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(readers, "SOFFICE_SECONDS", 0.3)
    source = tmp_path / "a.doc"
    source.write_bytes(make.ole("WordDocument"))
    with pytest.raises(UnreadableError) as caught:
        readers.read_old_word(source)
    assert caught.value.said == "too_slow"


def test_without_an_office_program_old_documents_are_for_download(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("ran"))
    with pytest.raises(UnreadableError) as caught:
        readers.read_old_word(tmp_path / "a.doc")
    assert caught.value.said == "no_reader"


# ------------------------------------------------------------------ thumbnails


def test_thumbnails_are_small(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(make.png(2000, 1000))
    with Image.open(io.BytesIO(readers.thumbnail(path))) as small:
        assert small.size == (320, 160)
        assert small.format == "WEBP"


def test_a_picture_too_large_or_broken_has_no_thumbnail(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(make.png(100, 100))
    monkeypatch.setattr(readers, "MAX_PIXELS", 9999)
    assert readers.thumbnail(path) is None
    monkeypatch.setattr(readers, "MAX_PIXELS", 10_000)
    path.write_bytes(make.png(100, 100)[:50])
    assert readers.thumbnail(path) is None
