"""House rules no linter knows. Exceptions stand here, each with its reason."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.code import calls, imports, kind_of, modules, name_of, tree_of

WRITES_ALWAYS = {
    "save",
    "create",
    "delete",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "executemany",
}
#: Who else may write, and why.
WRITERS = {
    "luoshi/kit/jobs.py": "the queue's own tables; nobody else knows them",
    "luoshi/kit/tree.py": "paths of rows that services have just saved",
    "luoshi/bench": "builds a million rows in a database of its own, faster than services can",
}
#: Receivers that are no rows of ours.
NO_ROWS = {"cache", "caches", "context", "digest", "image", "picture", "small", "session"}
NO_ROWS |= {"book", "workbook", "document", "paper"}


def receiver(call: ast.Call) -> str:
    """The first name of ``name.….method(…)``."""
    node: ast.AST = call.func
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def is_write(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    method = call.func.attr
    if receiver(call).lstrip("_") in NO_ROWS:
        return False
    if method == "update":  # that of a query takes keywords, that of a dict or digest a value
        of_attributes = (
            isinstance(call.func.value, ast.Attribute) and call.func.value.attr == "attrs"
        )
        return bool(call.keywords) and not call.args and not of_attributes
    return method in WRITES_ALWAYS


def may_write(path: Path) -> bool:
    name = name_of(path)
    return kind_of(path) == "services" or any(
        name == writer or name.startswith(f"{writer}/") for writer in WRITERS
    )


def test_only_services_write() -> None:
    found = [
        f"{name_of(path)}:{call.lineno} .{call.func.attr}()"
        for path in modules()
        if not may_write(path)
        for call in calls(path)
        if is_write(call)
    ]
    assert not found, "\n" + "\n".join(found)


def test_every_exception_to_writing_is_still_one() -> None:
    for writer in WRITERS:
        paths = [
            p for p in modules() if name_of(p) == writer or name_of(p).startswith(f"{writer}/")
        ]
        assert paths, f"{writer} is gone"


#: Names from there that ask the database nothing.
WORDS = {f"django.db.models.{name}" for name in ("Model", "TextChoices", "IntegerChoices")}
IMPURE = (
    "django.db",
    "django.conf",
    "django.core.cache",
    "django.utils.timezone",
    "django.http",
    "luoshi.kit.clock",
    "luoshi.kit.jobs",
    "requests",
    "random",
    "time",
)


def test_rules_are_pure() -> None:
    """No database, no clock, no settings: facts and the day come as arguments."""
    found = [
        f"{name_of(path)}:{line} {name}"
        for path in modules()
        if kind_of(path) in {"rules", "lifecycle"}
        for line, name in imports(path)
        if name not in WORDS
        and any(name == banned or name.startswith(f"{banned}.") for banned in IMPURE)
    ]
    assert not found, "\n" + "\n".join(found)


def is_atomic(node: ast.FunctionDef) -> bool:
    return any("atomic" in ast.unparse(decorator) for decorator in node.decorator_list)


def test_verbs_are_told_by_keyword_who_acts() -> None:
    found = [
        f"{name_of(path)}:{node.lineno} {node.name}: by must stand after *"
        for path in modules()
        if kind_of(path) == "services"
        for node in tree_of(path).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and is_atomic(node)
        if any(argument.arg == "by" for argument in node.args.args)
    ]
    assert not found, "\n" + "\n".join(found)


VAGUE = {"utils", "util", "helpers", "helper", "manager", "managers", "handler", "handlers", "base"}
VAGUE |= {"common", "misc", "signals"}


def test_no_module_has_a_vague_name() -> None:
    assert [name_of(path) for path in modules(with_tests=True) if path.stem in VAGUE] == []


def test_only_kit_jobs_knows_the_queue() -> None:
    found = [
        name_of(path)
        for path in modules()
        for _line, name in imports(path)
        if name.split(".")[0] == "django_q" and name_of(path) != "luoshi/kit/jobs.py"
    ]
    assert not found, "\n" + "\n".join(found)


def test_every_test_module_holds_tests() -> None:
    empty = [
        name_of(path)
        for path in modules(with_tests=True)
        if path.name.startswith("test_") and not re.search(r"^\s*def test_", path.read_text(), re.M)
    ]
    assert empty == []


@pytest.mark.parametrize(
    ("source", "writes"),
    [
        ("task.save()", True),
        ("Task.objects.filter(pk=1).update(progress=3)", True),
        ("Task.objects.create(title='x')", True),
        ("context.update({'a': 1})", False),
        ("digest.update(b'x')", False),
        ("cache.delete('k')", False),
        ("self.task.delete()", True),
    ],
)
def test_what_counts_as_a_write(source: str, writes: bool) -> None:
    (call,) = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"save", "update", "create", "delete"}
    ]
    assert is_write(call) is writes
