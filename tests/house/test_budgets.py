"""The budgets of the house: sizes, annotations, docstrings."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "doseway").rglob("*.py"))
FILE_LINES = 400
FUNCTION_LINES = 50

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function):
            yield node


def is_public(name: str) -> bool:
    return not name.startswith("_")


def public_definitions(path: Path) -> Iterator[ast.ClassDef | Function]:
    """Top-level public classes and functions, and the public methods of public classes."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef | Function) and is_public(node.name):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (member for member in node.body if isinstance(member, Function) and is_public(member.name))


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_a_file_is_a_room_one_can_take_in(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= FILE_LINES


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    too_long = {f.name: f.end_lineno - f.lineno + 1 for f in functions(path) if f.end_lineno}
    assert {name: lines for name, lines in too_long.items() if lines > FUNCTION_LINES} == {}


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_every_argument_and_result_is_annotated(path: Path) -> None:
    bare = [
        f"{function.name}({argument.arg})"
        for function in functions(path)
        for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
        if argument.annotation is None and argument.arg not in {"self", "cls"}
    ]
    assert bare + [function.name for function in functions(path) if function.returns is None] == []


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_every_public_name_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())) is not None
    assert [node.name for node in public_definitions(path) if ast.get_docstring(node) is None] == []


def test_the_budgets_look_at_something() -> None:
    assert len(SOURCES) > 40
