"""What is accepted, what is refused, and what the sentence says. No database."""

import io

import pytest
from django.utils import translation

from luoshi.files import readers, rules
from luoshi.files.rules import Member, check_members, check_upload, clean_name
from luoshi.files.tests import factories as make

LIMIT = 1024 * 1024


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def look(content: bytes) -> rules.Look:
    return readers.look_at(io.BytesIO(content))


def say(content: bytes, name: str, limit: int = LIMIT) -> str:
    return str(check_upload(look(content), name, limit).reason)


ACCEPTED = [
    (make.pdf(), "方案.pdf", "pdf"),
    (make.word(), "总结.docx", "docx"),
    (make.zipped([("[Content_Types].xml", b"x"), ("xl/workbook.xml", b"x")]), "表.xlsx", "xlsx"),
    (make.zipped([("[Content_Types].xml", b"x"), ("ppt/a.xml", b"x")]), "汇报.pptx", "pptx"),
    (make.zipped([("OFD.xml", b"x")]), "公文.ofd", "ofd"),
    (
        make.zipped([("mimetype", b"application/vnd.oasis.opendocument.text")], 0),
        "总结.odt",
        "odt",
    ),
    (make.ole("WordDocument", "1Table"), "旧.doc", "doc"),
    (make.ole("WordDocument"), "旧.wps", "doc"),
    (make.ole("Workbook"), "旧.xls", "xls"),
    (make.ole("Book"), "旧.et", "xls"),
    (make.ole("Pictures", "Current User", "A", "B", "PowerPoint Document"), "旧.ppt", "ppt"),
    (make.png(), "照片.png", "png"),
    (make.png(), "照片.jpg", "png"),  # phones and chats name pictures as they like
    (b"\xff\xd8\xff\xe0" + bytes(40), "照片.JPEG", "jpeg"),
    (b"GIF89a" + bytes(20), "a.gif", "gif"),
    (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "a.webp", "webp"),
    (b"\x00\x00\x00\x18ftypheic" + bytes(20), "IMG_0001.HEIC", "heic"),
    ("指标,值\n就业率,98%\n".encode(), "指标.csv", "text"),
    ("指标,值\n就业率,98%\n".encode("gb18030"), "指标.csv", "text"),
    ("\ufeff说明".encode("utf-16-le"), "说明.txt", "text"),
    ("说明：<script>alert(1)</script>".encode(), "说明.txt", "text"),
    (make.pdf(), "没有后缀", "pdf"),
]


@pytest.mark.parametrize(("content", "name", "kind"), ACCEPTED, ids=[a[1] for a in ACCEPTED])
def test_accepted_kinds_are_known_by_content(content, name, kind):
    assert rules.kind_of(look(content)) == kind
    assert check_upload(look(content), name, LIMIT).ok


FOREIGN = [
    (b"MZ\x90\x00" + bytes(60), "a program"),
    (b"\x7fELF" + bytes(60), "a program"),
    (b"L\x00\x00\x00\x01\x14\x02\x00" + bytes(60), "a program"),
    (b"#!/bin/sh\nrm -rf /\n", "a script"),
    (b"<?php system($_GET[0]);", "a script"),
    (b"  <!DOCTYPE html><html></html>", "a web page"),
    (b"\xef\xbb\xbf<html><script>1</script>", "a web page"),
    (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "an SVG drawing"),
    (b"<?xml version='1.0'?><!-- x --><svg/>", "an SVG drawing"),
    (b"<html>%PDF-1.7</html>", "a web page"),
    (b"Rar!\x1a\x07\x00", "a compressed archive"),
    (make.zipped([("a.exe", b"MZ")]), "a compressed archive"),
    (b"{\\rtf1 text}", "an RTF document"),
    (b"\x00\x00\x00\x18ftypmp42" + bytes(20), "a sound or film"),
    (b"text with \x00 nulls \x01\x02", "of a kind that is not known"),
    (make.ole("__properties_version1.0"), "of a kind that is not known"),
]


@pytest.mark.parametrize(("content", "really"), FOREIGN, ids=range(len(FOREIGN)))
@pytest.mark.parametrize("name", ["总结.docx", "照片.png", "说明.txt", "附件"])
def test_dangerous_kinds_are_refused_whatever_their_name(content, really, name):
    said = say(content, name)
    assert name in said
    assert really in said
    assert "accepted" in said


def test_a_renamed_file_is_refused_with_what_it_really_is():
    assert say(make.pdf(), "总结.docx") == (
        "“总结.docx” is not what its name says: the content is a PDF document. Give it the ending "
        ".pdf, or choose the right file."
    )
    assert "plain text" in say(b"hello", "总结.docx")
    assert "a Word document" in say(make.word(), "照片.png")
    assert "plain text" in say(b"@echo off\r\ndel *.*", "run.bat")


def test_accepted_kinds_stand_in_the_refusal():
    said = say(b"MZ" + bytes(80), "总结.docx")
    assert "Accepted are PDF, Word, Excel" in said


def test_an_encrypted_document_is_refused_with_a_sentence():
    content = make.ole("EncryptionInfo", "EncryptedPackage")
    for name in ("总结.docx", "表.xlsx"):
        assert say(content, name) == (
            f"“{name}” is protected by a password. Take the password off and upload it again."
        )


@pytest.mark.parametrize(
    "content",
    [
        make.raw_docx(make.body("x"), ("word/vbaProject.bin", b"x")),
        make.ole("WordDocument", "Macros", "VBA", "_VBA_PROJECT"),
        make.ole("Workbook", "_VBA_PROJECT_CUR"),
    ],
)
def test_macros_are_refused(content):
    assert "contains macros" in say(content, "总结")


def test_an_empty_file_is_refused():
    assert say(b"", "总结.docx") == "“总结.docx” is empty."


def test_size_has_a_limit_in_words():
    content = make.png() + bytes(LIMIT)
    assert say(content, "照片.png") == "“照片.png” has 1.0 MB; files may have at most 1 MB."
    assert check_upload(look(content), "照片.png", len(content)).ok


def test_a_cut_off_document_is_called_damaged():
    assert "is damaged" in say(make.word()[:2000], "总结.docx")
    assert "is damaged" in say(make.ole("WordDocument")[:600], "旧.doc")


# ------------------------------------------------------------------ bombs


def test_a_bomb_is_refused_by_its_ratio():
    content = make.raw_docx(make.body("x"), ("word/media/a.png", bytes(30 * 1024 * 1024)))
    assert len(content) < LIMIT
    assert "could harm this system" in say(content, "总结.docx")


def test_an_honest_document_that_packs_well_is_accepted():
    content = make.raw_docx(make.body("验收" * 100_000))
    assert check_upload(look(content), "总结.docx", LIMIT).ok


@pytest.mark.parametrize(
    "members",
    [
        [Member(f"word/{n}", 1, 1) for n in range(rules.MAX_MEMBERS + 1)],
        [Member("word/a", rules.MAX_UNPACKED, rules.MAX_UNPACKED), Member("word/b", 1, 1)],
        [Member("word/a", 2 * rules.RATIO_COUNTS_FROM, 100)],
        [Member("../../etc/passwd", 1, 1)],
        [Member("/etc/passwd", 1, 1)],
        [Member("word\\..\\a", 1, 1)],
        [Member("C:/a", 1, 1)],
        [Member("word/a", 1, 1), Member("word/a", 1, 1)],
        [Member("word/a", 1, 1, method=14)],
    ],
)
def test_containers_that_could_harm_are_refused(members):
    assert not check_members(members, "总结.docx")


def test_limits_themselves_are_allowed():
    assert check_members([Member(f"word/{n}", 1, 1) for n in range(rules.MAX_MEMBERS)], "x")
    assert check_members([Member("word/a", rules.MAX_UNPACKED, rules.MAX_UNPACKED // 100)], "x")


def test_a_directory_of_megabytes_is_not_even_read(monkeypatch):
    monkeypatch.setattr(rules, "MAX_MEMBERS", 1)
    content = make.raw_docx(make.body("x"), *((f"word/{n:0>80}.xml", b"") for n in range(20)))
    monkeypatch.setattr(readers, "_members", lambda stream: pytest.fail("was read"))
    assert look(content).crowded
    assert "could harm this system" in say(content, "总结.docx")


def test_path_tricks_in_a_real_container_are_refused():
    content = make.raw_docx(make.body("x"), ("../../../tmp/evil.xml", b"<x/>"))
    assert "could harm this system" in say(content, "总结.docx")


# ------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/总结.docx", "总结.docx"),
        ("C:\\Users\\李敏\\总结.docx", "总结.docx"),
        ("进展📈𠮷㐀.docx", "进展📈𠮷㐀.docx"),
        ("evil\u202excod.exe", "evilxcod.exe"),
        ("a\x00b\nc.pdf", "ab c.pdf"),
        ('a<b>"c|d?.pdf', "a_b__c_d_.pdf"),
        ("  .hidden ", "hidden"),
        ("", "_"),
        ("...", "_"),
    ],
)
def test_names_are_cleaned(given, kept):
    assert clean_name(given) == kept


def test_a_name_without_ending_is_given_one():
    assert clean_name("总结", rules.KINDS["docx"]) == "总结.docx"
    assert clean_name("3.1 总结", rules.KINDS["pdf"]) == "3.1 总结.pdf"


def test_a_long_name_is_cut_before_its_ending():
    kept = clean_name("长" * 400 + ".docx")
    assert len(kept) == rules.NAME_LENGTH
    assert kept.endswith("长.docx")
