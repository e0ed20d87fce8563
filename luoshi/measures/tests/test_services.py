"""Writing rules: what changes, what is refused, and that a refusal writes nothing."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luoshi.kit import clock
from luoshi.kit.actor import SYSTEM
from luoshi.kit.verdict import NotAllowed, Refused, Stale
from luoshi.measures import services
from luoshi.measures.kinds import sections
from luoshi.measures.models import Category, Measure, Programme, Sequence
from luoshi.measures.queries import (
    book_of_measure,
    category_text,
    content_of,
    house,
    read_books,
    text_of,
)
from luoshi.measures.rules.books import Book, CategoryText, MeasureText
from luoshi.measures.rules.files import read_files
from luoshi.measures.rules.keys import Key, Kind, Known, content_faults
from luoshi.measures.rules.standing import BY_MONTH
from luoshi.measures.rules.writing import file_of
from luoshi.measures.tests.factories import (
    SINCE,
    content,
    make_category,
    make_measure,
    make_programme,
    measure_text,
)
from luoshi.people.tests.factories import cast
from luoshi.trail.models import Event

pytestmark = pytest.mark.django_db
FIELD = {"code": "batch", "name": "批次", "kind": "text", "required": False, "choices": []}


def changed(measure: Measure, **settings) -> MeasureText:
    """What the measure says, with a few settings changed."""
    old = text_of(measure)
    return MeasureText(old.head, content(**settings), old.sources)


# ── measures ─────────────────────────────────────────────────────────────────────────────────────


def test_creating_a_measure_writes_columns_rows_sources_and_the_trail():
    text = measure_text(
        rhythm="own_dates",
        report_days={"after_issue": [], "dates": ["03-31", "12-15"]},
        nodes=[{"name": "中期", "days": 90}],
        approval="always",
    )
    text = MeasureText(text.head, text.content, {"nodes.1": "第三条"})
    measure = services.create_measure(text=text, by=SYSTEM)
    assert measure.rhythm == "own_dates"
    assert [(day.month, day.day) for day in measure.report_days.all()] == [(3, 31), (12, 15)]
    assert [(node.order, node.name) for node in measure.nodes.all()] == [(1, "中期")]
    assert [(link.order, link.duty) for link in measure.chain.all()] == [(1, "head")]
    assert measure.sources.get().paragraph == "第三条"
    assert text_of(measure) == text
    assert Event.objects.get().verb == "measure.create"


def test_a_measure_that_does_not_fit_together_is_refused():
    with pytest.raises(Refused, match=r"report_day|截止日|month"):
        services.create_measure(text=measure_text(rhythm="monthly", report_day=None), by=SYSTEM)
    assert not Measure.objects.exists()
    assert not Event.objects.exists()


def test_saying_the_same_changes_nothing():
    measure = make_measure(rhythm="monthly")
    assert not services.edit_measure(measure=measure, rev=0, text=text_of(measure), by=SYSTEM)
    assert Measure.objects.get().rev == 0
    assert not Event.objects.filter(verb="measure.edit").exists()


def test_editing_with_an_old_form_is_stale_and_changes_nothing():
    measure = make_measure(rhythm="monthly")
    first = changed(measure, rhythm="monthly", report_day=25)
    assert services.edit_measure(measure=measure, rev=0, text=first, by=SYSTEM)
    with pytest.raises(Stale):
        services.edit_measure(
            measure=measure, rev=0, text=changed(measure, rhythm="weekly", report_day=5), by=SYSTEM
        )
    assert Measure.objects.get().report_day == 25


def test_rules_of_issued_tasks_do_not_change():
    measure = make_measure(rhythm="monthly")
    services.mark_used(measure)
    assert measure.in_use_since == clock.today()
    with pytest.raises(NotAllowed, match=r"版本|version"):
        services.edit_measure(measure=measure, rev=0, text=changed(measure), by=SYSTEM)
    assert Measure.objects.get().rhythm == "monthly"


def test_a_measure_taken_into_use_while_it_was_edited_is_not_changed():
    measure = make_measure(rhythm="monthly")
    other = Measure.objects.get(pk=measure.pk)
    services.mark_used(other)
    with pytest.raises(Stale):
        services.edit_measure(measure=measure, rev=0, text=changed(measure), by=SYSTEM)
    assert Measure.objects.get().rhythm == "monthly"


def test_the_first_use_is_noted_once():
    measure = make_measure()
    services.mark_used(measure)
    Measure.objects.update(in_use_since=dt.date(2026, 1, 5))
    services.mark_used(Measure.objects.get())
    assert Measure.objects.get().in_use_since == dt.date(2026, 1, 5)


def test_code_and_day_of_a_version_stay():
    measure = make_measure()
    text = measure_text(since=dt.date(2027, 1, 1))
    with pytest.raises(Refused):
        services.edit_measure(measure=measure, rev=0, text=text, by=SYSTEM)
    assert Measure.objects.get().since == SINCE


def test_a_new_version_copies_everything_and_the_old_one_stays():
    category = make_category(
        rhythm="monthly",
        approval="always",
        nodes=[{"name": "中期", "days": 90}],
        lights=[{"health": "idle", "label": "未动", "colour": "#bfbfbf"}],
        deadlines=[{"urgency": "urgent", "days": 3}],
    )
    old = category.measure
    services.mark_used(old)
    before = text_of(old)
    since = dt.date(2027, 1, 1)
    new = services.new_version(measure=old, since=since, by=SYSTEM, categories=[category])
    assert text_of(new).content == before.content
    assert new.in_use_since is None
    assert text_of(old) == before
    assert Category.objects.get().measure == new
    event = Event.objects.filter(about_kind="category", verb="category.point").latest("seq")
    assert "2027-01-01" in event.data
    with pytest.raises(Refused):
        services.new_version(measure=new, since=since, by=SYSTEM)
    assert Measure.objects.count() == 2


def test_a_version_that_nothing_follows_may_be_taken_back():
    category = make_category()
    old = category.measure
    new = services.new_version(measure=old, since=dt.date(2027, 1, 1), by=SYSTEM)
    with pytest.raises(NotAllowed):
        services.remove_measure(measure=old, by=SYSTEM)
    services.remove_measure(measure=new, by=SYSTEM)
    assert list(Measure.objects.all()) == [old]
    assert Event.objects.filter(verb="measure.remove", about_kind="measure").count() == 1
    services.edit_category(
        category=category,
        rev=category.rev,
        text=CategoryText(
            category_text(category).data | {"measure": "", "measure_since": None}, []
        ),
        by=SYSTEM,
    )
    services.mark_used(old)
    with pytest.raises(NotAllowed):
        services.remove_measure(measure=old, by=SYSTEM)
    assert Measure.objects.count() == 1


def test_only_those_with_the_power_write():
    college = cast()
    category = make_category()
    for person in (college.sun, college.wang, college.zhou, college.admin):
        by = person.actor
        with pytest.raises(NotAllowed):
            services.create_measure(text=measure_text("x"), by=by)
        with pytest.raises(NotAllowed):
            services.edit_category(category=category, rev=0, text=category_text(category), by=by)
        with pytest.raises(NotAllowed):
            services.new_version(measure=category.measure, since=dt.date(2030, 1, 1), by=by)
        with pytest.raises(NotAllowed):
            services.load_books(books=[Book()], by=by)
    assert Measure.objects.count() == 1
    assert services.create_measure(text=measure_text("x"), by=college.chen.actor)


# ── categories ───────────────────────────────────────────────────────────────────────────────────


def test_own_fields_are_kept_by_code():
    category = make_category(fields=[FIELD, FIELD | {"code": "old"}])
    kept = category.own_fields.get(code="batch")
    data = category_text(category).data
    text = CategoryText(data, [FIELD | {"code": "new"}, FIELD | {"name": "批号"}])
    assert services.edit_category(category=category, rev=0, text=text, by=SYSTEM)
    fields = {field.code: field for field in category.own_fields.all()}
    assert [field.code for field in category.own_fields.all()] == ["new", "batch"]
    assert fields["batch"].pk == kept.pk
    assert fields["batch"].name == "批号"


def test_the_kind_of_a_field_and_the_code_of_a_category_stay():
    category = make_category(fields=[FIELD])
    data = category_text(category).data
    for text in (
        CategoryText(data, [FIELD | {"kind": "number"}]),
        CategoryText(data | {"code": "other"}, [FIELD]),
    ):
        with pytest.raises(Refused):
            services.edit_category(category=category, rev=0, text=text, by=SYSTEM)
    assert category.own_fields.get().kind == "text"
    assert Category.objects.get().code == "863"
    assert Category.objects.get().rev == 0


def test_pointing_at_another_version_is_recorded_once():
    category = make_category()
    newer = make_measure("863", dt.date(2027, 1, 1))
    services.point_category(category=category, measure=newer, by=SYSTEM)
    services.point_category(category=category, measure=newer, by=SYSTEM)
    assert Category.objects.get().measure == newer
    assert Event.objects.filter(verb="category.point").count() == 2  # at first, and then
    with pytest.raises(Stale):
        services.point_category(
            category=Category(pk=category.pk, rev=0), measure=make_measure("x"), by=SYSTEM
        )


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────


def test_numbers_are_given_one_after_the_other_per_category_and_year():
    category, other = make_category(number_pattern="督〔{year}〕{n}号"), make_category("other")
    assert services.take_number(category, 2026) == "督〔2026〕1号"
    assert services.take_number(category, 2026) == "督〔2026〕2号"
    assert services.take_number(category, 2027) == "督〔2027〕1号"
    assert services.take_number(other, 2026) == "2026-001"
    assert services.take_numbers(category, 2026, 3) == [f"督〔2026〕{n}号" for n in (3, 4, 5)]


def test_a_number_whose_act_failed_is_given_again():
    category = make_category()
    with transaction.atomic():
        services.take_number(category, 2026)
        transaction.set_rollback(True)
    assert services.take_number(category, 2026) == "2026-001"
    assert Sequence.objects.get().last == 1


def test_a_category_without_rules_numbers_in_the_usual_way():
    category = make_category(measure=None)
    assert services.take_number(category, 2026) == "2026-001"


# ── files ────────────────────────────────────────────────────────────────────────────────────────


def test_loading_an_equal_file_does_nothing_and_says_so():
    make_category(rhythm="monthly", fields=[FIELD])
    text = file_of(book_of_measure(Measure.objects.get()), sections())
    events = Event.objects.count()
    books, problems = read_books([("a.toml", text.encode())])
    assert problems == []
    done = services.load_books(books=books, by=SYSTEM)
    assert {loaded.act for loaded in done} == {"equal"}
    assert Event.objects.count() == events


def test_loading_changes_only_what_differs():
    category = make_category(rhythm="monthly", fields=[FIELD])
    text = file_of(book_of_measure(category.measure), sections())
    text = text.replace("report_day = 28", "report_day = 25")
    books, _problems = read_books([("a.toml", text.encode())])
    done = services.load_books(books=books, by=SYSTEM)
    assert [(loaded.about, loaded.act) for loaded in done] == [
        ("programme", "equal"),
        ("measure", "changed"),
        ("category", "equal"),
    ]
    assert Measure.objects.get().report_day == 25


def test_loading_is_all_or_nothing():
    category = make_category(fields=[FIELD])
    text = category_text(category)
    books = [
        Book(
            programmes=[{"code": "new", "name": "新", "order": 1}],
            measures=[measure_text("new")],
            categories=[CategoryText(text.data, [FIELD | {"kind": "number"}])],
        )
    ]
    with pytest.raises(Refused):
        services.load_books(books=books, by=SYSTEM)
    assert not Programme.objects.filter(code="new").exists()
    assert not Measure.objects.filter(code="new").exists()


# a measure that says anything a measure can say


def values_of(key: Key) -> st.SearchStrategy:
    text = st.text(
        st.characters(exclude_categories=["Cs", "Cc"]),
        min_size=1,
        max_size=min(key.longest, 20) or 1,
    ).filter(str.strip)
    kinds = {
        Kind.FLAG: st.booleans(),
        Kind.CHOICE: st.sampled_from(key.choices.values if key.choices else ["x"]),
        Kind.TEXT: text,
        Kind.KNOWN: st.just(""),
        Kind.COLOUR: st.sampled_from(["#1890ff", "#f5222d", "#bfbfbf", "#000000"]),
        Kind.PATTERN: st.sampled_from(["{year}{n}", "督〔{year}〕{n:03}号", '"{year}\\{n:09}']),
        Kind.NUMBERS: st.sets(st.integers(max(key.lowest, 1), key.highest)).map(sorted),
        Kind.YEAR_DAYS: st.sets(st.sampled_from(["01-31", "03-31", "12-15"])).map(sorted),
        Kind.WHOLE: st.integers(key.lowest, key.highest),
    }
    values = kinds[key.kind]
    return values if key.required or key.default is not None else st.none() | values


def tables(section) -> st.SearchStrategy:
    table = st.fixed_dictionaries({key.name: values_of(key) for key in section.keys})
    return st.lists(table, max_size=3) if section.many else table


@st.composite
def contents(draw):
    data = {section.name: draw(tables(section)) for section in sections()}
    return _mended(data)


def _mended(data):
    """As few changes as make it stand: dependent keys follow the keys they depend on."""
    line, reporting = data["line"], data["reporting"]
    if line["sign_off"] == "never":
        line |= {"sign_days": None, "on_silence": "nothing"}
    elif line["on_silence"] != "nothing":
        line["sign_days"] = line["sign_days"] or 3
    if data["breaking_down"]["split"] == "none":
        data["breaking_down"]["split_depth"] = None
    weekly, monthly = reporting["rhythm"] == "weekly", reporting["rhythm"] in BY_MONTH
    reporting["report_day"] = 5 if weekly else (reporting["report_day"] or 28) if monthly else None
    reporting["grace_days"] = 0 if reporting["rhythm"] == "none" else reporting["grace_days"]
    after = reporting["rhythm"] == "after_issue"
    own = reporting["rhythm"] == "own_dates"
    days = data["report_days"]
    data["report_days"] = {
        "after_issue": (days["after_issue"] or [1]) if after else [],
        "dates": (days["dates"] or ["03-31"]) if own else [],
    }
    if data["change"]["extend"] == "never":
        data["change"]["extend_times"] = None
    if data["visibility"]["visibility"] != "everyone":
        data["visibility"]["public"] = False
    gates = {
        "issue": line["approval"],
        "report": reporting["report_approval"],
        "extend": data["change"]["extend"],
    }
    chain = [link | {"duty": link["duty"] or "head"} for link in data["chain"]]
    chain = [link for link in chain if gates[link["purpose"]] != "never"]
    chain = [
        link if link["purpose"] == "extend" else link | {"from_days": None, "from_count": None}
        for link in chain
    ]
    blank = {"duty": "head", "body": "", "mode": "all", "from_days": None, "from_count": None}
    for purpose in ("issue", "report"):
        if gates[purpose] == "always":
            chain.append({"purpose": purpose, **blank})
    data["chain"] = chain
    once = {row["urgency"]: row for row in data["deadlines"]}
    fewer = sorted((row["days"] for row in once.values()), reverse=True)
    ranked = [name for name in ("normal", "urgent", "top") if name in once]
    data["deadlines"] = [
        {"urgency": name, "days": days} for name, days in zip(ranked, fewer, strict=True)
    ]
    nodes = {row["name"]: row for row in data["nodes"]}
    data["nodes"] = sorted(nodes.values(), key=lambda row: row["days"])
    lights = {}
    for row in data["lights"]:
        taken = [(r["health"], r["label"], r["colour"]) for r in lights.values()]
        if not any(set(t) & {row["health"], row["label"], row["colour"]} for t in taken):
            lights[row["health"]] = row
    data["lights"] = list(lights.values())
    return {s.name: s.normal(data[s.name]) for s in sections()}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(data=contents(), paragraph=st.sampled_from(["", "第三条（二）", '"引号" \\ #']))
def test_dump_then_load_changes_nothing_whatever_a_measure_says(data, paragraph):
    assert list(content_faults(sections(), data)) == []
    settings_ = [name for s in sections() for name in s.settings(data[s.name])]
    sources = dict.fromkeys(settings_[::3], paragraph) if paragraph else {}
    text = MeasureText(measure_text().head, data, sources)
    with transaction.atomic():
        measure = services.create_measure(text=text, by=SYSTEM)
        assert content_of(measure) == data
        assert text_of(measure) == text
        dumped = file_of(book_of_measure(measure), sections())
        books, problems = read_files([("x.toml", dumped.encode())], sections(), house())
        assert problems == []
        assert books[0].measures == [text]
        done = services.load_books(books=books, by=SYSTEM)
        assert [loaded.act for loaded in done] == ["equal"]
        transaction.set_rollback(True)


def test_what_a_file_may_name_must_be_on_record():
    make_programme()
    assert house().known == Known(bodies={}, fields={}, units={})


@pytest.mark.django_db(transaction=True)
def test_people_issuing_at_the_same_moment_get_different_numbers_without_a_gap():
    category = make_category(number_pattern="{year}-{n}")

    def take(_thread: int) -> list[str]:
        try:
            return [services.take_number(category, 2026) for _turn in range(4)]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        taken = [number for numbers in pool.map(take, range(4)) for number in numbers]
    assert sorted(taken, key=lambda n: int(n[5:])) == [f"2026-{n}" for n in range(1, 17)]
