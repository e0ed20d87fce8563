"""Transactions are timed from begin to end; nested blocks belong to the outermost."""

import time

import pytest
from django.db import DEFAULT_DB_ALIAS, connections, transaction

from luoshi.kit.holding import holding


@pytest.mark.django_db(transaction=True)
def test_each_transaction_is_timed_once():
    with holding() as times:
        with transaction.atomic():
            time.sleep(0.02)
            with transaction.atomic():
                pass
        with transaction.atomic():
            pass
    with transaction.atomic():
        pass

    assert len(times) == 2
    assert times[0] >= 0.02 > times[1]
    assert "set_autocommit" not in vars(connections[DEFAULT_DB_ALIAS])
