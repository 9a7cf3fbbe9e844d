"""Mistakes that other bots made and no test of behaviour finds: the source has none of them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATTERNS = {
    "compile",
    "match",
    "search",
    "fullmatch",
    "sub",
    "subn",
    "split",
    "findall",
    "finditer",
}
"""What takes a regular expression as its first argument."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Yield every file that runs against Discord, with its syntax tree."""
    for folder in ("services", "shared", "tools"):
        for path in (ROOT / folder).rglob("*.py"):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def chained_downwards(tree: ast.AST) -> list[int]:
    """Return the lines of comparisons such as `0 > n >= 10000`, which is never true."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and len(node.ops) > 1
        and any(isinstance(op, ast.Gt | ast.GtE) for op in node.ops)
    ]


def parts_of_a_length(tree: ast.AST) -> list[int]:
    """Return the lines that read `.seconds` of a length of time, which leaves its days out."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"seconds", "microseconds"}
        and isinstance(node.ctx, ast.Load)
        and not ast.unparse(node.value).endswith("metrics")
    ]


def foreign_patterns(tree: ast.AST) -> list[int]:
    """Return the lines that read a regular expression which is not written in the source.

    One that a user gave could hang the process. A LiteralString is written in it: pyright sees to
    that.
    """
    literals = {
        argument.arg
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for argument in node.args.args
        if argument.annotation is not None and ast.unparse(argument.annotation) == "LiteralString"
    }
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in PATTERNS
        and ast.unparse(node.func.value) == "re"
        and not isinstance(node.args[0], ast.Constant)
        and not (isinstance(node.args[0], ast.Name) and node.args[0].id in literals)
    ]


def unsafe_yaml(tree: ast.AST) -> list[int]:
    """Return the lines that load YAML in a way that can make objects of any class."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"load", "load_all", "unsafe_load", "full_load", "Loader", "UnsafeLoader"}
        and ast.unparse(node.value) == "yaml"
    ]


CHECKS = (chained_downwards, parts_of_a_length, foreign_patterns, unsafe_yaml)
MISTAKES = (
    "if 0 > n >= 10000: pass",
    "wait = length.seconds",
    "def find(pattern: str): return re.search(pattern, text)",
    "yaml.load(text, Loader=yaml.Loader)",
)


@pytest.mark.parametrize(("check", "mistake"), [*zip(CHECKS, MISTAKES, strict=True)])
def test_the_source_has_no_such_mistake(check: object, mistake: str) -> None:
    assert callable(check)
    assert check(ast.parse(mistake))

    assert {name: lines for name, tree in sources() if (lines := check(tree))} == {}


def test_every_test_that_the_docs_name_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", (ROOT / "docs/testing.md").read_text())
    assert named

    for path, name in named:
        assert f"def {name}(" in (ROOT / "tests" / path).read_text(), f"{path}::{name}"
