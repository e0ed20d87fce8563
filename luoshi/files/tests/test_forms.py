"""The field for evidence: several files, each judged, none lost."""

import re

import pytest
from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from luoshi.files.forms import EvidenceField
from luoshi.files.services import attach
from luoshi.files.tests import factories as make
from luoshi.people.tests.factories import cast

pytestmark = pytest.mark.django_db


class Paper(forms.Form):
    text = forms.CharField()
    evidence = EvidenceField(most=3)


def sent(*uploads, kept=(), text="进展"):
    data = QueryDict(mutable=True)
    data["text"] = text
    data.setlist("evidence-kept", list(kept))
    return Paper(data, MultiValueDict({"evidence": list(uploads)}))


def slips(form) -> list[str]:
    return re.findall(r'name="evidence-kept" value="([^"]+)"', str(form["evidence"]))


def test_several_files_are_taken_and_can_be_hung():
    form = sent(make.upload(make.pdf(), "甲.pdf"), make.upload(make.png(), "乙.png"))
    assert form.is_valid(), form.errors
    hung = attach("report/5", form.cleaned_data["evidence"], by=cast().li.actor)
    assert [one.name for one in hung] == ["甲.pdf", "乙.png"]


def test_no_file_is_an_empty_list():
    form = sent()
    assert form.is_valid()
    assert form.cleaned_data["evidence"] == []


def test_every_refused_file_has_its_sentence_and_the_good_one_is_kept():
    form = sent(
        make.upload(make.pdf(), "总结.docx"),
        make.upload(make.png(), "乙.png"),
        make.upload(b"MZ", "丙.pdf"),
    )
    assert not form.is_valid()
    assert ["总结.docx" in fault for fault in form.errors["evidence"]] == [True, False]
    assert "丙.pdf" in form.errors["evidence"][1]
    assert len(slips(form)) == 1


def test_files_survive_an_error_elsewhere_in_the_form():
    first = sent(make.upload(make.pdf(), "甲.pdf"), text="")
    assert list(first.errors) == ["text"]
    (slip,) = slips(first)
    second = sent(make.upload(make.png(), "乙.png"), kept=[slip], text="")
    assert not second.is_valid()
    assert "甲.pdf" in str(second["evidence"])
    both = slips(second)
    assert len(both) == 2
    third = sent(kept=both)
    assert third.is_valid(), third.errors
    assert [one.name for one in third.cleaned_data["evidence"]] == ["甲.pdf", "乙.png"]


def test_the_same_file_twice_counts_once():
    form = sent(make.upload(make.pdf(), "甲.pdf"), make.upload(make.pdf(), "甲.pdf"))
    assert form.is_valid()
    assert len(form.cleaned_data["evidence"]) == 1


@pytest.mark.parametrize("slip", ["made-up", "", "a:b:c"])
def test_a_slip_of_ones_own_making_brings_nothing(slip):
    form = sent(kept=[slip])
    assert list(form.errors) == ["evidence"]


def test_a_slip_whose_content_is_gone_says_so(store):
    (slip,) = slips(sent(make.upload(make.pdf(), "甲.pdf"), text="")) or pytest.fail("no slip")
    for path in store.rglob("*"):
        if path.is_file():
            path.unlink()
    assert list(sent(kept=[slip]).errors) == ["evidence"]


def test_too_many_files_are_refused():
    form = sent(*(make.upload(make.png(n, n), f"{n}.png") for n in (1, 2, 3, 4)))
    assert "3" in form.errors["evidence"][0]


def test_the_input_takes_several_and_names_what_is_accepted():
    shown = str(Paper()["evidence"])
    assert "multiple" in shown
    assert ".docx" in shown
    assert ".exe" not in shown
    assert "onclick" not in shown


def test_evidence_may_be_required():
    field = EvidenceField(required=True)
    with pytest.raises(forms.ValidationError):
        field.clean([])


def test_of_a_file_too_large_no_more_arrives_than_shows_it(rf, settings):
    settings.UPLOAD_LIMIT = 1000
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    request = rf.post("/", {"evidence": make.upload(make.png() + bytes(500_000), "大.png")})
    (arrived,) = request.FILES.getlist("evidence")
    assert (arrived.size, len(arrived.read())) == (1001, 1001)
    form = Paper({"text": "进展"}, request.FILES)
    assert "大.png" in form.errors["evidence"][0]


def test_a_file_within_the_limit_arrives_whole(rf, settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    content = make.png(50, 50)
    request = rf.post("/", {"evidence": make.upload(content, "小.png")})
    assert request.FILES["evidence"].read() == content
