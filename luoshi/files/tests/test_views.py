"""Files reach those who may see what they hang on, and nobody else."""

import pytest

from luoshi.files import kinds
from luoshi.files.services import attach, cite
from luoshi.files.tests import factories as make
from luoshi.people.tests.factories import cast

pytestmark = pytest.mark.django_db
PAGES = ["", "open/", "download/", "picture/1/"]


@pytest.fixture
def people():
    return cast()


@pytest.fixture
def document(people, seen):
    upload = make.upload(make.word(picture=make.png()), "总结.docx")
    seen["report/5"] = {people.li.pk}
    return attach("report/5", [upload], by=people.li.actor)[0]


def get(client, person, attachment, part="", **headers):
    client.force_login(person)
    return client.get(f"/files/{attachment.pk}/{part}", headers=headers)


@pytest.mark.parametrize("part", PAGES)
def test_whoever_sees_the_thing_sees_the_file(client, people, document, part):
    assert get(client, people.li, document, part).status_code == 200


@pytest.mark.parametrize("part", PAGES)
def test_sun_sees_nothing(client, people, document, part):
    assert get(client, people.sun, document, part).status_code == 404


@pytest.mark.parametrize("part", PAGES)
def test_nobody_sees_anything_before_the_log_in(client, document, part):
    response = client.get(f"/files/{document.pk}/{part}")
    assert response.status_code == 302
    assert "login" in response["Location"]


def test_whoever_sees_the_thing_that_cites_it_sees_the_file(client, people, document, seen):
    seen["report/9"] = {people.wang.pk}
    assert get(client, people.wang, document).status_code == 404
    cite([document.pk], "report/9", by=people.wang.actor)
    assert get(client, people.wang, document).status_code == 200


def test_nobody_decides_nobody_sees(client, people, document, monkeypatch):
    monkeypatch.setattr(kinds, "_decide", [])
    assert get(client, people.li, document).status_code == 404


def test_the_page_shows_the_document_and_leads_to_the_original(client, people, document):
    page = get(client, people.li, document).content.decode()
    assert "<h2>工作进展</h2>" in page
    assert '<img src="picture/1/"' in page
    assert f'href="/files/{document.pk}/download/"' in page
    assert "李敏" in page
    part = get(client, people.li, document, hx_request="true").content.decode()
    assert part.startswith('<div id="files-page"')


def test_a_page_that_waits_asks_again_and_one_that_failed_says_why(client, people, document):
    page = document.blob.page
    page.state = "waiting"
    page.save()
    shown = get(client, people.li, document).content.decode()
    assert 'hx-trigger="every 3s"' in shown
    page.state, page.said = "failed", "damaged"
    page.save()
    shown = get(client, people.li, document).content.decode()
    assert 'hx-trigger="every' not in shown
    assert "notice-warn" in shown


def test_a_picture_has_a_page_and_a_pdf_opens_as_it_is(client, people, seen):
    seen["report/5"] = {people.li.pk}
    uploads = [
        make.upload(make.png(), "现场.png"),
        make.upload(make.pdf(), "方案.pdf"),
        make.upload(b"text", "说明.txt"),
    ]
    picture, pdf, text = attach("report/5", uploads, by=people.li.actor)
    assert f'src="/files/{picture.pk}/open/"' in get(client, people.li, picture).content.decode()
    assert get(client, people.li, pdf)["Location"] == f"/files/{pdf.pk}/open/"
    assert get(client, people.li, text)["Location"] == f"/files/{text.pk}/download/"


def test_the_policy_of_the_file_is_the_one_sent(client, people, document):
    response = get(client, people.li, document, "picture/1/")
    assert response["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_file_that_does_not_exist_is_not_found(client, people):
    client.force_login(people.li)
    assert client.get("/files/999999/").status_code == 404
    assert client.post("/files/999999/").status_code == 405


def test_a_hostile_name_stays_text(client, people, seen):
    seen["report/5"] = {people.li.pk}
    upload = make.upload(make.word(), '"><img src=x onerror=alert(1)>.docx')
    (document,) = attach("report/5", [upload], by=people.li.actor)
    page = get(client, people.li, document).content.decode()
    assert "<img src=x" not in page
