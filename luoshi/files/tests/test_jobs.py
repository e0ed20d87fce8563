"""Pages made later."""

import pytest
from django.core.management import CommandError, call_command

from luoshi.files import jobs, queries, readers, services
from luoshi.files.models import Page, Picture
from luoshi.files.readers import UnreadableError
from luoshi.files.tests import factories as make
from luoshi.kit import jobs as queue
from luoshi.people.tests.factories import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(monkeypatch):
    """A document whose page waits, its job in the queue."""
    monkeypatch.setattr(services, "AT_ONCE", 100)
    upload = make.upload(make.word(picture=make.png()), "总结.docx")
    (attachment,) = services.attach("report/5", [upload], by=cast().li.actor)
    assert queries.page_of(attachment.blob).state == "waiting"
    return attachment.blob


def test_a_waiting_page_is_made_and_made_once(waiting, monkeypatch):
    jobs.prepare_page(waiting.pk)
    page = queries.page_of(waiting)
    assert (page.state, page.said) == ("ready", "")
    assert "工作进展" in page.html
    assert Picture.objects.filter(blob=waiting).count() == 1
    monkeypatch.setattr(readers, "read_word", lambda path: pytest.fail("read again"))
    jobs.prepare_page(waiting.pk)


def test_a_page_somebody_else_made_meanwhile_is_left(waiting):
    def slow(path):
        Page.objects.filter(blob=waiting).update(state="ready", html="<p>先</p>")
        return readers.read_word(path)

    assert services.fill_page(waiting, slow) is False
    assert queries.page_of(waiting).html == "<p>先</p>"
    assert not Picture.objects.filter(blob=waiting).exists()


def test_a_failure_is_told(waiting, monkeypatch):
    def fail(path):
        raise UnreadableError("too_big")

    monkeypatch.setattr(readers, "read_word", fail)
    jobs.prepare_page(waiting.pk)
    assert (queries.page_of(waiting).state, queries.page_of(waiting).said) == ("failed", "too_big")


@pytest.mark.django_db(transaction=True)
def test_the_queue_makes_it(waiting):
    assert queue.run_waiting() == 1
    assert queries.page_of(waiting).state == "ready"


def test_a_content_that_is_gone_fails_its_page(waiting):
    queries.path_of(waiting.sha256).unlink()
    jobs.prepare_page(waiting.pk)
    assert (queries.page_of(waiting).state, queries.page_of(waiting).said) == ("failed", "damaged")


def test_old_documents_get_their_page_once_the_office_program_is_there(monkeypatch, capsys):
    monkeypatch.setattr(readers, "soffice", lambda: None)
    upload = make.upload(make.ole("WordDocument"), "旧.doc")
    (old,) = services.attach("report/5", [upload], by=cast().li.actor)
    call_command("files", "pages")
    assert queries.page_of(old.blob).state == "none"
    monkeypatch.setattr(readers, "soffice", lambda: "/usr/bin/soffice")
    monkeypatch.setattr(readers, "read_old_word", lambda path: readers.Reading("<p>旧</p>", "旧"))
    asked = []
    monkeypatch.setattr(services, "enqueue", lambda path, *ids: asked.append(ids))
    call_command("files", "pages")
    assert asked == [(old.blob.pk,)]
    jobs.prepare_page(*asked[0])
    assert queries.text_of(old.blob) == "旧"


def test_the_store_is_checked_by_a_command(capsys):
    upload = make.upload(make.pdf(), "甲.pdf")
    (one,) = services.attach("report/5", [upload], by=cast().li.actor)
    (queries.path_of(one.blob.sha256).parent / "left").write_bytes(b"x")
    call_command("files", "check")
    assert "1" in capsys.readouterr().out
    queries.path_of(one.blob.sha256).unlink()
    with pytest.raises(CommandError):
        call_command("files", "check")
    assert one.blob.sha256 in capsys.readouterr().out


def test_a_page_that_does_not_exist_is_nothing():
    jobs.prepare_page(999)
