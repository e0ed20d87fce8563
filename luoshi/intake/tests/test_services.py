import pytest

from luoshi.intake.models import *
from luoshi.intake.services import publishing
from luoshi.intake.tests import factories as make
from luoshi.people.tests.factories import cast
from luoshi.tasks.models import Task
from luoshi.tasks.tests.factories import make_set


@pytest.mark.django_db
def test_smoke():
    c = cast()
    cat = make_set()
    b = make.ready(c.chen, cat, 3)
    print(b.__dict__, [(r.state, r.messages) for r in b.rows.all()])
    b = publishing.publish_batch(b, by=c.chen.actor, rev=b.rev)
    assert b.state == State.PUBLISHED, b.failure
    assert Task.objects.count() == 3
