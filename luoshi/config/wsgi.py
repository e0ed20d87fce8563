"""The door through which granian calls Luoshi."""

import gc
import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, connections

from luoshi.config.checks import collation_of_bytes


def refuse_wrong_ground() -> None:
    """Raise ImproperlyConfigured on a database that Luoshi cannot stand on.

    A database that does not answer at this moment is no reason: it may come back.
    """
    try:
        for found in collation_of_bytes(["default"]):
            raise ImproperlyConfigured(f"{found.msg} {found.hint}")
    except OperationalError:
        pass
    finally:
        connections.close_all()


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luoshi.config.settings")
application = get_wsgi_application()
refuse_wrong_ground()
# What is loaded by now stays: the collector need not look at it again, and looks less often at what
# a request leaves behind (a page makes some ten thousand objects, nearly none of them in a ring).
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)
