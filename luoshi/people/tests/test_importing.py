"""Units and people out of tables: .xlsx, .csv, errors with their cells, again as an update."""

import datetime as dt
import io

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from luoshi.kit import clock
from luoshi.kit.actor import SYSTEM
from luoshi.kit.verdict import NotAllowed, Refused
from luoshi.people import queries
from luoshi.people.kinds import PERSON_COLUMNS
from luoshi.people.models import Person, Tenure, Unit
from luoshi.people.readers import as_date, as_text, letters, read_table
from luoshi.people.roles import Duty
from luoshi.people.services import persons
from luoshi.people.services.importing import import_people, import_units
from luoshi.people.tests.factories import cast, make_person, seat
from luoshi.trail.models import Event

pytestmark = pytest.mark.django_db


def csv_file(*lines: str) -> io.BytesIO:
    return io.BytesIO("\n".join(lines).encode())


def xlsx(rows, *, above: int = 0, left: int = 0) -> io.BytesIO:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            sheet.write(number + above, place + left, cell)
    book.close()
    target.seek(0)
    return target


HEAD = ["工号", "姓名", "所在单位", "手机", "岗位", "职务", "任职单位"]


def people_file(*rows, **more) -> io.BytesIO:
    return xlsx([HEAD, *rows], **more)


UNITS = (
    "单位编码,单位名称,简称,单位类型,上级单位,别名",
    "00,江城学院,,学校,,",
    "2001,数控教研室,,科室,机电工程学院,",
    "20,机电工程学院,机电学院,二级学院,00,机电系、机械系",
)


def test_units_are_created_parents_first_whatever_their_order():
    result = import_units(csv_file(*UNITS), by=SYSTEM)
    assert (result.created, result.errors) == (3, [])
    section = Unit.objects.get(code="2001")
    assert section.parent.code == "20"
    assert section.depth == 2
    assert set(queries.unit_names()) >= {"机电学院", "机电系", "机械系", "数控教研室"}


def test_a_dry_run_writes_nothing_and_says_what_would_happen():
    result = import_units(csv_file(*UNITS), by=SYSTEM, dry_run=True)
    assert result.dry_run
    assert result.created == 3
    assert [change[1] for change in result.changes][:1] == ["江城学院"]
    assert Unit.objects.count() == 0
    assert Event.objects.count() == 0


def test_importing_again_updates_by_code_and_the_same_file_changes_nothing():
    import_units(csv_file(*UNITS), by=SYSTEM)
    again = import_units(csv_file(*UNITS), by=SYSTEM)
    assert (again.created, again.changed, again.same) == (0, 0, 3)
    renamed = import_units(
        csv_file("编码,名称,类型,上级", "20,智能制造学院,二级学院,00", "2001,数控教研室,科室,00"),
        by=SYSTEM,
    )
    assert (renamed.created, renamed.changed) == (0, 2)
    unit = Unit.objects.get(code="20")
    assert unit.name == "智能制造学院"
    assert unit.short_name == "机电学院"
    assert Unit.objects.get(code="2001").parent.code == "00"


@pytest.mark.parametrize(
    ("row", "cell"),
    [
        (",无编码,科室,00", "A3"),
        ("30,,科室,00", "B3"),
        ("30,😀,科室,00", "B3"),
        ("30,甲部,,00", "C3"),
        ("30,甲部,科室,无此单位", "D3"),
        ("30,甲部,科室,30", "D3"),
        ("30,甲部,科室,", "D3"),
        ("00,重复,科室,00", "A3"),
        (f"30,{'长' * 101},科室,00", "B3"),
    ],
)
def test_each_error_in_a_table_of_units_names_its_cell(row, cell):
    result = import_units(csv_file("编码,名称,类型,上级", "00,学院,学校,", row), by=SYSTEM)
    assert [error.cell for error in result.errors] == [cell]
    assert result.errors[0].reason
    assert result.dry_run
    assert Unit.objects.count() == 0


def test_units_in_a_circle_are_refused():
    file = csv_file("编码,名称,类型,上级", "00,学院,学校,", "1,甲,科室,2", "2,乙,科室,1")
    result = import_units(file, by=SYSTEM)
    assert {error.cell for error in result.errors} == {"D3", "D4"}
    assert Unit.objects.count() == 0


def test_people_are_entered_with_posts_and_passwords():
    who = cast()
    file = people_file(
        ["0210001", "冯明", "机电学院", "13800000000", "", "", ""],
        [210002.0, "单小明", "20", 13900000000.0, "部门负责人", "院长", ""],
        ["0210003", "尉迟恭", "00", "", "分管领导", "副院长", "机电学院、财务处"],
    )
    result = import_people(file, by=who.admin.actor)
    assert (result.created, result.posts, result.errors) == (3, 3, [])
    feng, shan, yuchi = Person.objects.filter(pk__gt=who.guard.pk).order_by("pk")
    assert (feng.account, feng.staff_number, feng.phone) == ("T0210001", "0210001", "13800000000")
    assert (shan.staff_number, shan.phone) == ("210002", "13900000000")
    assert shan.tenures.get().post.title == "院长"
    assert {u.pk for u in queries.units_led_by(yuchi)} == {who.school.pk, who.other.pk}
    assert len(result.passwords) == 3
    number, _name, told = result.passwords[0]
    assert number == "0210001"
    assert feng.check_password(told)
    assert feng.must_change_password
    assert queries.people_matching("sxm") == [shan]
    assert Event.objects.filter(verb="person.enter").count() == 3


@override_settings(INITIAL_PASSWORD="123456")
def test_with_an_initial_password_of_the_house_no_list_is_shown():
    who = cast()
    result = import_people(people_file(["0210001", "冯明", "20"]), by=SYSTEM)
    assert result.passwords == []
    assert Person.objects.get(staff_number="0210001").check_password("123456")
    assert who


def test_importing_people_again_updates_them_and_empty_cells_change_nothing():
    who = cast()
    import_people(people_file(["0210001", "冯明", "20", "138"]), by=SYSTEM)
    same = import_people(people_file(["0210001", "冯明", "20", ""]), by=SYSTEM)
    assert (same.created, same.changed, same.same) == (0, 0, 1)
    file = people_file(["0210001", "冯小明", "财务处", "139", "部门负责人", "", ""])
    changed = import_people(file, by=who.admin.actor)
    assert (changed.created, changed.changed) == (0, 1)
    feng = Person.objects.get(staff_number="0210001")
    assert (feng.name, feng.phone, feng.main_unit_id) == ("冯小明", "139", who.other.pk)
    assert queries.heads_of(who.other) == [feng]
    again = people_file(["0210001", "冯小明", "财务处", "139", "部门负责人", "", ""])
    assert import_people(again, by=SYSTEM).same == 1
    assert Tenure.objects.filter(person=feng).count() == 1


@pytest.mark.parametrize(
    ("row", "cell"),
    [
        (["", "冯明", "20"], "A2"),
        (["工号一", "冯明", "20"], "A2"),
        (["5001", "", "20"], "B2"),
        (["5001", "😀😀", "20"], "B2"),
        (["5001", "名" * 61, "20"], "B2"),
        (["5001", "冯明", ""], "C2"),
        (["5001", "冯明", "无此单位"], "C2"),
        (["5001", "冯明", "办公室"], "C2"),
        (["5001", "冯明", "老部门"], "C2"),
        (["5001", "冯明", "20", "1" * 31], "D2"),
        (["5001", "冯明", "20", "", "大师兄"], "E2"),
        (["5001", "冯明", "20", "", "秘书"], "E2"),
        (["5001", "冯明", "20", "", "分管领导", "", "无此单位"], "G2"),
        (["1006", "孙丽", "11"], "A2"),
    ],
)
def test_each_error_in_a_table_of_people_names_its_cell(row, cell):
    who = cast()
    queries_before = Person.objects.count()
    from luoshi.people.tests.factories import make_unit

    make_unit("办公室", who.school)
    make_unit("办公室", who.other)
    make_unit("老部门", who.root, until=dt.date(2021, 1, 1))
    persons.let_leave(who.sun, left_on=dt.date(2026, 1, 1), by=SYSTEM, rev=0)
    result = import_people(people_file(row), by=SYSTEM)
    assert [error.cell for error in result.errors] == [cell]
    assert result.errors[0].reason
    assert Person.objects.count() == queries_before


def test_every_error_of_a_row_of_people_is_named():
    cast()
    row = ["工号一", "😀😀", "无此单位", "1" * 31, "大师兄", "", "也无此单位、还无此单位"]
    result = import_people(people_file(row), by=SYSTEM)
    told = [error.cell for error in result.errors]
    assert sorted(told) == ["A2", "B2", "C2", "D2", "E2", "G2", "G2"]
    assert result.rows_in_error == 1
    assert Person.objects.filter(phone="1" * 31).count() == 0


def test_a_row_that_repeats_a_number_is_told_its_other_errors_too():
    cast()
    rows = [["5001", "冯明", "20"], ["5001", "", "无此单位"]]
    result = import_people(people_file(*rows), by=SYSTEM)
    assert sorted(error.cell for error in result.errors) == ["A3", "B3", "C3"]
    assert result.created == 1


def test_rare_characters_are_imported_as_they_are():
    who = cast()
    import_people(people_file(["5001", "𠮷㐀", "20"], ["5002", "阿·依古丽", "20"]), by=SYSTEM)
    assert Person.objects.get(staff_number="5001").name == "𠮷㐀"
    assert queries.people_matching("𠮷")[0].staff_number == "5001"
    assert who


def test_rows_with_errors_stop_everything_unless_they_are_left_out():
    who = cast()
    rows = [["5001", "冯明", "20"], ["5002", "", "20"], ["5001", "冯二", "20"]]
    stopped = import_people(people_file(*rows), by=SYSTEM)
    assert stopped.dry_run
    assert [error.cell for error in stopped.errors] == ["B3", "A4"]
    assert not Person.objects.filter(staff_number="5001").exists()
    partly = import_people(people_file(*rows), by=SYSTEM, partly=True)
    assert partly.wrote
    assert Person.objects.get(staff_number="5001").name == "冯明"
    assert who


def test_cells_are_named_where_the_table_begins_further_down_and_right():
    cast()
    result = import_people(people_file(["5001", "", "20"], above=3, left=2), by=SYSTEM)
    assert [error.cell for error in result.errors] == ["D5"]


def test_only_within_reach():
    who = cast()
    local = make_person("本院管理", who.school)
    seat(local, who.school, Duty.SYSTEM_ADMIN)
    file = people_file(["5001", "冯明", "20"], ["5002", "冯二", "财务处"])
    result = import_people(file, by=local.actor)
    assert [error.cell for error in result.errors] == ["C3"]
    with pytest.raises(NotAllowed):
        import_people(people_file(["5001", "冯明", "20"]), by=who.wang.actor)
    assert not Person.objects.filter(staff_number__in=["5001", "5002"]).exists()


def _encrypted() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4096


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   \n\n",
        b"PK\x03\x04broken",
        b"\x89PNG\r\n\x1a\n\0\0\0",
        b"%PDF-1.4 hello",
        "只有一句话".encode(),
        "工号,姓名,所在单位\n".encode(),
        "工号,姓名\n1,2\n".encode(),
        _encrypted(),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(content):
    who = cast()
    before = Person.objects.count()
    with pytest.raises(Refused) as refusal:
        import_people(io.BytesIO(content), by=who.admin.actor)
    assert str(refusal.value)
    assert Person.objects.count() == before


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_of_any_office_is_read(encoding):
    cast()
    file = io.BytesIO("工号\t姓名\t部门\n5001\t冯明\t财务处\n".encode(encoding))
    assert import_people(file, by=SYSTEM).created == 1


def test_a_table_with_far_too_many_empty_rows_is_read_quickly():
    lines = ["工号,姓名,部门", "5001,冯明,财务处", *[",,"] * 200_000, "5002,冯二,财务处"]
    table = read_table(csv_file(*lines), PERSON_COLUMNS)
    assert [row.get("staff_number") for row in table.rows] == ["5001"]


def test_five_hundred_people_are_entered_in_a_few_statements(django_assert_max_num_queries):
    who = cast()
    rows = [[f"6{i:04}", f"教师{i}", "20"] for i in range(500)]
    with django_assert_max_num_queries(60):
        result = import_people(people_file(*rows), by=who.admin.actor)
    assert result.created == 500
    assert len({told for _n, _m, told in result.passwords}) == 500


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (20210001.0, "20210001"),
        ("0210001", "0210001"),
        (3.5, "3.5"),
        (dt.datetime(2026, 4, 18), "2026-04-18"),
        (None, ""),
        (True, "1"),
        ("　两 端 ", "两 端"),
    ],
)
def test_cells_become_text(value, text):
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-4-18", dt.date(2026, 4, 18)),
        ("2026.4.18", dt.date(2026, 4, 18)),
        ("2026/04/18", dt.date(2026, 4, 18)),
        ("2026年4月18日", dt.date(2026, 4, 18)),
        ("2026年4月", dt.date(2026, 4, 1)),
        ("20260418", dt.date(2026, 4, 18)),
        ("46130", dt.date(2026, 4, 18)),
        ("2026-13-01", None),
        ("去年", None),
    ],
)
def test_dates_are_read_as_offices_write_them(text, day):
    assert as_date(text) == day


def test_columns_have_letters():
    assert [letters(n) for n in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


# ── in the browser ──


def upload(client: Client, content: io.BytesIO, kind: str = "people"):
    file = SimpleUploadedFile("x.xlsx", content.getvalue())
    return client.post(f"/people/import/{kind}/", {"file": file})


@pytest.fixture
def admin():
    who = cast()
    client = Client()
    client.force_login(who.admin)
    return client


def test_in_the_browser_a_file_is_checked_first_and_then_imported_once(admin):
    page = upload(admin, people_file(["5001", "冯明", "20"]))
    assert page.context["result"].created == 1
    assert not Person.objects.filter(staff_number="5001").exists()
    done = admin.post("/people/import/people/apply/")
    told = done.context["result"].passwords[0][2]
    assert told in done.content.decode()
    assert Person.objects.get(staff_number="5001").check_password(told)
    again = admin.post("/people/import/people/apply/")
    assert again.status_code == 409
    assert "已经导入" in again.content.decode()
    assert Person.objects.filter(staff_number="5001").count() == 1


def test_in_the_browser_errors_show_their_cell_and_good_rows_may_go_in(admin):
    page = upload(admin, people_file(["5001", "冯明", "20"], ["5002", "冯二", "<b>无</b>"]))
    text = page.content.decode()
    assert "C3" in text
    assert "&lt;b&gt;无" in text
    admin.post("/people/import/people/apply/", {"partly": "1"})
    assert list(Person.objects.filter(staff_number__startswith="500").values_list("name")) == [
        ("冯明",)
    ]


def test_a_file_that_is_no_table_is_a_form_error(admin):
    page = upload(admin, io.BytesIO(b"PK\x03\x04broken"))
    assert page.status_code == 422
    assert "损坏" in page.content.decode()
    assert upload(admin, io.BytesIO(b"")).status_code == 422
    assert admin.post("/people/import/people/").status_code == 422
    assert admin.get("/people/import/other/").status_code == 404


def test_the_template_is_a_table_we_can_read(admin):
    for kind in ("units", "people"):
        response = admin.get(f"/people/import/{kind}/template/")
        assert response["Content-Type"].endswith("sheet")
        page = upload(admin, io.BytesIO(response.content), kind)
        assert page.status_code in {200, 422}


def test_dates_of_the_future_are_kept(admin):
    today = clock.today()
    file = xlsx(
        [["工号", "姓名", "单位", "入职日期"], ["5001", "冯明", "20", f"{today.year + 1}-01-01"]]
    )
    import_people(file, by=SYSTEM)
    assert Person.objects.get(staff_number="5001").entered_on == dt.date(today.year + 1, 1, 1)
