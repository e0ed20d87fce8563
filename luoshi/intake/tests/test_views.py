import pytest

from luoshi.intake.models import *
from luoshi.intake.tests import factories as make
from luoshi.people.tests.factories import cast
from luoshi.tasks.tests.factories import make_set


@pytest.mark.django_db
def test_walk(client):
    c = cast()
    cat = make_set()
    client.force_login(c.chen)
    assert client.get("/import/").status_code == 200
    r = client.get("/import/upload/")
    assert r.status_code == 200
    f = make.file(
        make.csv_of(
            ("1", "建设基地", "教务外", "12月底前"),
            ("2", "招生工作", "财务处", "春节前"),
            ("", "再做一项", "", "全年"),
            ("4", "", "财务处", "全年"),
        )
    )
    r = client.post(
        "/import/upload/", {"upload": f, "category": cat.pk, "year": 2026, "key": "abc"}
    )
    assert r.status_code == 302, r.content.decode()
    b = ImportBatch.objects.get()
    r = client.get(r.url, follow=True)
    assert r.status_code == 200
    print(r.request["PATH_INFO"])
    page = r.content.decode()
    r = client.post(
        f"/import/{b.pk}/columns/",
        {
            "rev": b.rev,
            "t0-use": "on",
            "t0-first": 0,
            "t0-last": 0,
            "t0-column0": "number",
            "t0-column1": "title",
            "t0-column2": "lead",
            "t0-column3": "due",
        },
    )
    assert r.status_code == 302, r.content.decode()
    r = client.get(f"/import/{b.pk}/")
    assert r.status_code == 200
    b.refresh_from_db()
    print(b.state, b.errors, b.warnings, b.waiting)
    row = b.rows.filter(state="error").first()
    r = client.get(f"/import/{b.pk}/rows/{row.pk}/")
    assert r.status_code == 200
    r = client.post(
        f"/import/{b.pk}/rows/{row.pk}/",
        {"rev": b.rev, "title": "补上的标题", "lead": "财务处", "due": "2026-12-31"},
    )
    assert r.status_code == 302, r.content.decode()
    b.refresh_from_db()
    print(b.state, b.errors, b.warnings, b.waiting, list(b.names.values()))
    d = {"rev": b.rev}
    for n in b.names.all():
        if n.kind == "unit":
            d[f"n{n.pk}-units"] = "质管办"
            d[f"n{n.pk}-remember"] = "on"
        if n.kind == "date":
            d[f"n{n.pk}-day"] = "2026-02-10"
    r = client.post(f"/import/{b.pk}/settle/", d)
    assert r.status_code == 302, r.content.decode()
    b.refresh_from_db()
    print(b.state, b.errors, b.warnings, b.waiting)
    r = client.get(f"/import/{b.pk}/marked/")
    assert r.status_code == 200
    r = client.post(f"/import/{b.pk}/confirm/", {"rev": b.rev})
    b.refresh_from_db()
    r = client.post(f"/import/{b.pk}/publish/", {"rev": b.rev})
    b.refresh_from_db()
    assert b.state == "published", b.failure
    r = client.get(f"/import/{b.pk}/")
    assert r.status_code == 200
    r = client.get(f"/import/{b.pk}/original/")
    assert r.status_code == 200
    r = client.post(f"/import/{b.pk}/undo/", {"rev": b.rev})
    b.refresh_from_db()
    assert b.state == "undone", b.failure
    r = client.get("/import/template/")
    assert r.status_code == 200
