"""Files are stored once and whole, hang where they were hung, and leave a trail."""

import hashlib
import threading

import pytest
from django.db import connection, transaction

from luoshi.files import queries, readers, services
from luoshi.files.models import Attachment, Blob, Citation, Page, Picture
from luoshi.files.services import attach, cite, detach, prepare
from luoshi.files.tests import factories as make
from luoshi.kit.actor import Actor
from luoshi.kit.verdict import Refused
from luoshi.people.tests.factories import cast
from luoshi.trail.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast()


@pytest.fixture
def li(people) -> Actor:
    return people.li.actor


def events(about: str) -> list[str]:
    kind, number = about.split("/")
    return list(
        Event.objects.filter(about_kind=kind, about_id=number).values_list("verb", flat=True)
    )


def nothing_stored() -> bool:
    return not (Attachment.objects.exists() or Blob.objects.exists() or Event.objects.exists())


def test_a_file_hangs_under_its_name_and_lies_under_its_hash(li, store):
    content = make.pdf()
    (attachment,) = attach("report/5", [make.upload(content, "方案.pdf")], by=li)
    sha = hashlib.sha256(content).hexdigest()
    assert (attachment.name, attachment.about) == ("方案.pdf", "report/5")
    assert (attachment.by_id, attachment.by_name) == (li.id, "李敏")
    assert (attachment.blob.sha256, attachment.blob.kind) == (sha, "pdf")
    assert (store / sha[:2] / sha[2:4] / sha).read_bytes() == content
    assert list((store / ".incoming").iterdir()) == []
    event = Event.objects.get()
    assert event.verb == "files.attach"
    assert sha in event.data
    assert "方案.pdf" in event.data


def test_the_same_content_is_stored_once(li, store):
    content = make.pdf()
    uploads = [make.upload(content, "甲.pdf"), make.upload(content, "乙.pdf")]
    attach("report/5", uploads, by=li)
    attach("report/6", [make.upload(content, "甲.pdf")], by=li)
    assert Blob.objects.count() == 1
    assert Attachment.objects.count() == 3
    assert len([path for path in store.rglob("*") if path.is_file()]) == 1


def test_sending_the_same_form_twice_adds_nothing(li):
    first = attach("report/5", [make.upload(make.pdf(), "甲.pdf")], by=li)
    second = attach("report/5", [make.upload(make.pdf(), "甲.pdf")], by=li)
    assert first == second
    assert events("report/5") == ["files.attach"]


def test_one_refused_file_and_none_is_attached(li):
    uploads = [make.upload(make.pdf(), "甲.pdf"), make.upload(b"MZ" + bytes(99), "总结.docx")]
    with pytest.raises(Refused) as caught:
        attach("report/5", uploads, by=li)
    assert caught.value.field == "evidence"
    assert "总结.docx" in str(caught.value)
    assert nothing_stored()


def test_an_empty_file_is_refused(li):
    with pytest.raises(Refused, match=r"空\.pdf"):
        attach("report/5", [make.upload(b"", "空.pdf")], by=li)
    assert nothing_stored()


def test_a_file_above_the_limit_is_refused(li, settings):
    settings.UPLOAD_LIMIT = 10
    with pytest.raises(Refused):
        attach("report/5", [make.upload(make.pdf(), "甲.pdf")], by=li)
    assert nothing_stored()


@pytest.mark.parametrize("name", ["📈进展𠮷㐀.pdf", "长" * 300 + ".pdf", "../../甲.pdf"])
def test_odd_names_are_kept_fit(li, name):
    (attachment,) = attach("report/5", [make.upload(make.pdf(), name)], by=li)
    attachment.refresh_from_db()
    assert attachment.name.endswith(".pdf")
    assert len(attachment.name) <= 200
    assert "/" not in attachment.name
    assert attachment.name[0] in "📈长甲"


def test_a_rolled_back_transaction_leaves_no_row_and_a_harmless_orphan(li):
    with transaction.atomic():
        attach("report/5", [make.upload(make.pdf(), "甲.pdf")], by=li)
        transaction.set_rollback(True)
    assert nothing_stored()
    sha = hashlib.sha256(make.pdf()).hexdigest()
    assert queries.storage_faults() == queries.Faults(missing=(), orphans=(sha,))
    attach("report/5", [make.upload(make.pdf(), "甲.pdf")], by=li)
    assert queries.storage_faults() == queries.Faults((), ())


def test_a_content_lost_or_cut_on_the_disk_is_found_and_heals(li):
    (attachment,) = attach("report/5", [make.upload(make.pdf(), "甲.pdf")], by=li)
    sha = attachment.blob.sha256
    queries.path_of(sha).write_bytes(b"%PDF")
    assert queries.storage_faults().missing == (sha,)
    attach("report/6", [make.upload(make.pdf(), "甲.pdf")], by=li)
    assert queries.storage_faults().missing == ()


def test_a_full_disk_is_told_in_a_sentence(li, monkeypatch):
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(services.os, "replace", full)
    with pytest.raises(Refused, match=r"甲\.pdf"):
        attach("report/5", [make.upload(make.pdf(), "甲.pdf")], by=li)
    assert nothing_stored()


@pytest.mark.django_db(transaction=True)
def test_two_uploading_the_same_at_the_same_moment_share_one_content(people, store):
    barrier = threading.Barrier(4)
    faults: list[BaseException] = []
    content = make.word()

    def send(number: int) -> None:
        try:
            barrier.wait(5)
            attach(f"report/{number}", [make.upload(content, "同.docx")], by=people.li.actor)
        except BaseException as fault:  # noqa: BLE001
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(n,)) for n in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert faults == []
    assert Blob.objects.filter(kind="docx").count() == 1
    assert Page.objects.count() == 1
    assert Attachment.objects.count() == 4
    sha = hashlib.sha256(content).hexdigest()
    assert queries.path_of(sha).read_bytes() == content


# ------------------------------------------------------------------ pages


def test_a_word_file_has_its_page_at_once_with_its_pictures(li):
    picture = make.png(30, 30)
    upload = make.upload(make.word(picture=picture), "总结.docx")
    (attachment,) = attach("report/5", [upload], by=li)
    page = queries.page_of(attachment.blob)
    assert page.state == "ready"
    assert "工作进展" in page.html
    assert 'src="picture/1/"' in page.html
    assert "验收" in queries.text_of(attachment.blob)
    kept = Picture.objects.get(blob=attachment.blob, number=1)
    assert queries.path_of(kept.picture.sha256).read_bytes() == picture
    assert queries.storage_faults() == queries.Faults((), ())


def test_a_page_is_made_once_for_all_who_upload_the_same(li, monkeypatch):
    content = make.word()
    attach("report/5", [make.upload(content, "甲.docx")], by=li)
    monkeypatch.setattr(readers, "read_word", lambda path: pytest.fail("read again"))
    attach("report/6", [make.upload(content, "乙.docx")], by=li)
    assert Page.objects.count() == 1


def test_a_document_that_cannot_be_shown_says_so_and_is_kept(li):
    head = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    content = make.raw_docx(make.body("&x;", head))
    (attachment,) = attach("report/5", [make.upload(content, "总结.docx")], by=li)
    page = queries.page_of(attachment.blob)
    assert (page.state, page.said, page.html) == ("failed", "entities", "")
    assert queries.path_of(attachment.blob.sha256).read_bytes() == content


def test_a_long_document_waits_for_a_job(li, monkeypatch, django_capture_on_commit_callbacks):
    asked = []
    monkeypatch.setattr(services, "enqueue", lambda path, *ids: asked.append((path, ids)))
    monkeypatch.setattr(services, "AT_ONCE", 100)
    (attachment,) = attach("report/5", [make.upload(make.word(), "总结.docx")], by=li)
    assert queries.page_of(attachment.blob).state == "waiting"
    assert asked == [("luoshi.files.jobs.prepare_page", (attachment.blob.pk,))]
    attach("report/6", [make.upload(make.word("别的"), "总结.docx")], by=li)
    assert len(asked) == 2


def test_an_old_document_waits_for_the_office_program_or_is_for_download(li, monkeypatch):
    asked = []
    monkeypatch.setattr(services, "enqueue", lambda path, *ids: asked.append(path))
    monkeypatch.setattr(readers, "soffice", lambda: None)
    old, other = make.ole("WordDocument"), make.ole("WordDocument", "1Table")
    (first,) = attach("report/5", [make.upload(old, "旧.doc")], by=li)
    assert (queries.page_of(first.blob).state, asked) == ("none", [])
    monkeypatch.setattr(readers, "soffice", lambda: "/usr/bin/soffice")
    (second,) = attach("report/5", [make.upload(other, "旧.doc")], by=li)
    assert queries.page_of(second.blob).state == "waiting"
    assert asked == ["luoshi.files.jobs.prepare_page"]


def test_a_picture_has_a_thumbnail(li):
    upload = make.upload(make.png(900, 600), "现场.png")
    (attachment,) = attach("report/5", [upload], by=li)
    small = Picture.objects.get(blob=attachment.blob, number=0).picture
    assert small.kind == "webp"
    assert queries.page_of(attachment.blob) is None


# ------------------------------------------------------------------ quoting, taking away


@pytest.fixture
def evidence(li) -> Attachment:
    (attachment,) = attach("report/5", [make.upload(make.pdf(), "甲.pdf")], by=li)
    return attachment


def test_evidence_is_cited_once_and_on_the_trail(evidence, people):
    wang = people.wang.actor
    (citation,) = cite([evidence.pk], "report/9", by=wang)
    assert (citation.about, citation.by_name) == ("report/9", "王建国")
    assert cite([evidence.pk, evidence.pk], "report/9", by=wang) == [citation]
    assert events("report/9") == ["files.cite"]


def test_evidence_of_its_own_is_not_cited(evidence, li):
    assert cite([evidence.pk], "report/5", by=li) == []
    assert not Citation.objects.exists()


def test_evidence_that_is_gone_is_not_cited(evidence, li):
    with pytest.raises(Refused):
        cite([evidence.pk, 999_999], "report/9", by=li)
    assert not Citation.objects.exists()


def test_files_are_taken_off_and_stay_stored(evidence, li):
    assert detach([evidence.pk], "report/5", by=li) == 1
    assert not Attachment.objects.exists()
    assert Blob.objects.count() == 1
    assert events("report/5") == ["files.attach", "files.detach"]
    assert detach([evidence.pk], "report/5", by=li) == 0


def test_files_are_taken_off_the_thing_named_only(evidence, li):
    assert detach([evidence.pk], "report/6", by=li) == 0
    assert Attachment.objects.count() == 1


def test_cited_evidence_stays_until_the_quotation_goes(evidence, li, people):
    cite([evidence.pk], "report/9", by=people.wang.actor)
    with pytest.raises(Refused, match=r"甲\.pdf"):
        detach([evidence.pk], "report/5", by=li)
    assert Attachment.objects.count() == 1
    assert detach([evidence.pk], "report/9", by=people.wang.actor) == 1
    assert detach([evidence.pk], "report/5", by=li) == 1


# ------------------------------------------------------------------ preparing


def test_preparing_writes_no_row_and_can_be_taken_up_again(li, django_assert_num_queries):
    with django_assert_num_queries(0):
        prepared = prepare(make.upload(make.pdf(), "甲.pdf"))
        again = services.prepared_again(prepared.content.sha256, prepared.name)
    assert again == prepared
    assert services.prepared_again("0" * 64, "甲.pdf") is None
    attach("report/5", [again], by=li)
    assert Attachment.objects.get().name == "甲.pdf"
