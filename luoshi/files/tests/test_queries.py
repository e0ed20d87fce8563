"""Lists of evidence, and handing contents out."""

import pytest
from django.http import Http404

from luoshi.files import queries
from luoshi.files.services import attach, cite
from luoshi.files.tests import factories as make
from luoshi.people.tests.factories import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast()


def received(response) -> bytes:
    return b"".join(response.streaming_content)


def hang(about: str, content: bytes, name: str, by):
    return attach(about, [make.upload(content, name)], by=by.actor)[0]


def test_own_evidence_comes_first_then_what_is_cited_with_its_source(people):
    child = hang("report/5", make.png(40, 40), "现场.png", people.li)
    own = hang("report/9", make.word(), "总结.docx", people.wang)
    cite([child.pk], "report/9", by=people.wang.actor)
    found = queries.attachments_of("report", [9, 5, 7])
    assert list(found) == [9, 5, 7]
    assert found[7] == []
    first, second = found[9]
    assert (first.pk, first.name, first.by_name, first.source) == (
        own.pk,
        "总结.docx",
        "王建国",
        "",
    )
    assert (first.kind.code, first.page_state, first.opens) == ("docx", "ready", True)
    assert (second.pk, second.source, second.cited_by) == (child.pk, "report/5", "王建国")
    assert (second.source_kind, second.source_id) == ("report", "5")
    assert (second.by_name, second.has_thumbnail, second.is_cited) == ("李敏", True, True)
    assert not found[5][0].is_cited


@pytest.mark.parametrize("count", [1, 3])
def test_lists_take_two_statements_however_long(people, django_assert_num_queries, count):
    for number in range(count):
        one = hang(f"report/{number}", make.word(f"第{number}"), "甲.docx", people.li)
        cite([one.pk], f"report/{number + 10}", by=people.li.actor)
    with django_assert_num_queries(2):
        found = queries.attachments_of("report", range(20))
    assert sum(map(len, found.values())) == 2 * count


def test_who_sees_one_of_the_things_may_be_asked_for_all(people):
    one = hang("report/5", make.pdf(), "甲.pdf", people.li)
    cite([one.pk], "report/9", by=people.li.actor)
    assert queries.abouts_of(one) == ["report/5", "report/9"]
    assert queries.attachment(999_999) is None


def test_a_download_carries_its_chinese_name_and_its_guards(people):
    one = hang("report/5", make.word(), "进展📈 总结.docx", people.li)
    response = queries.open_for_download(queries.attachment(one.pk))
    assert response["Content-Disposition"] == (
        "attachment; filename*=utf-8''%E8%BF%9B%E5%B1%95%F0%9F%93%88%20%E6%80%BB%E7%BB%93.docx"
    )
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Content-Type"].endswith("wordprocessingml.document")
    assert response.streaming
    assert received(response) == queries.path_of(one.blob.sha256).read_bytes()


@pytest.mark.parametrize(
    ("content", "name", "shown"),
    [
        (make.png(), "现场.png", True),
        (make.pdf(), "方案.pdf", True),
        (make.word(), "总结.docx", False),
        ("<script>".join("ab").encode(), "说明.txt", False),
    ],
)
def test_only_safe_kinds_are_shown_in_the_browser(people, content, name, shown):
    one = hang("report/5", content, name, people.li)
    response = queries.open_for_download(queries.attachment(one.pk), inline=True)
    how = "inline" if shown else "attachment"
    assert response["Content-Disposition"].startswith(how + ";")
    assert "default-src 'none'" in response["Content-Security-Policy"]
    response.close()


def test_the_kind_sent_is_that_of_the_content_not_of_the_name(people):
    one = hang("report/5", make.png(), "现场.jpg", people.li)
    response = queries.open_for_download(queries.attachment(one.pk), inline=True)
    assert response["Content-Type"] == "image/png"
    response.close()


def test_a_content_gone_from_the_disk_is_told(people):
    one = hang("report/5", make.pdf(), "方案.pdf", people.li)
    queries.path_of(one.blob.sha256).unlink()
    with pytest.raises(Http404):
        queries.open_for_download(queries.attachment(one.pk))


def test_pictures_of_a_document_are_handed_out_by_number(people):
    picture = make.png(33, 33)
    one = hang("report/5", make.word(picture=picture), "总结.docx", people.li)
    response = queries.open_picture(one.blob, 1)
    assert received(response) == picture
    assert response["Content-Type"] == "image/png"
    with pytest.raises(Http404):
        queries.open_picture(one.blob, 2)
