"""Reading the code of the house."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "luoshi"


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def modules(*, with_tests: bool = False) -> list[Path]:
    """Every module of the package; migrations are never among them."""
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if "migrations" not in path.parts and (with_tests or "tests" not in path.parts)
    ]


def kind_of(path: Path) -> str:
    """What a module is in its room: ``services`` for tasks/services/line.py too."""
    parts = path.relative_to(PACKAGE).parts
    return parts[1].removesuffix(".py") if len(parts) > 1 else ""


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def calls(path: Path) -> tuple[ast.Call, ...]:
    return tuple(node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call))


@cache
def imports(path: Path) -> tuple[tuple[int, str], ...]:
    """Line and full name of everything a module imports, but for types alone."""
    tree = tree_of(path)
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return tuple(found)


def templates() -> list[Path]:
    return sorted(PACKAGE.rglob("templates/**/*.html"))
