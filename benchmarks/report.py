"""What a benchmark measured: a table for people, and a list of objects for programs."""

import json
from pathlib import Path
from statistics import median

from msgspec import Struct, to_builtins

RESULTS = Path(".local/bench.json")


class CannotMeasureError(Exception):
    """A run that says nothing: the message says why, and the benchmark fails."""


class Result(Struct, kw_only=True, frozen=True):
    """One line of the table; `ours` and `peer` are medians in `unit`, `ratio` is ours / peer."""

    bench: str
    case: str
    ours: float
    peer: float | None
    peer_name: str | None
    unit: str
    ratio: float | None
    runs: int


def compare(
    bench: str, case: str, *, ours: list[float], peer: list[float], peer_name: str, unit: str
) -> Result:
    """Sum up two series that were measured in turn in one run.

    Raises CannotMeasureError when either has no figures.
    """
    if not ours or not peer:
        raise CannotMeasureError(f"{bench}, {case}: nothing was measured")
    mine, theirs = median(ours), median(peer)
    return Result(
        bench=bench,
        case=case,
        ours=round(mine, 3),
        peer=round(theirs, 3),
        peer_name=peer_name,
        unit=unit,
        ratio=round(mine / theirs, 3),
        runs=min(len(ours), len(peer)),
    )


def alone(bench: str, case: str, *, ours: list[float], unit: str) -> Result:
    """Sum up a series that has nothing beside it. Raises CannotMeasureError when it is empty."""
    if not ours:
        raise CannotMeasureError(f"{bench}, {case}: nothing was measured")
    return Result(
        bench=bench,
        case=case,
        ours=round(median(ours), 3),
        peer=None,
        peer_name=None,
        unit=unit,
        ratio=None,
        runs=len(ours),
    )


def table(results: list[Result]) -> str:
    """Lay results out for reading."""
    rows = [("case", "ours", "peer", "unit", "ratio", "runs", "peer is")]
    rows += [_row(result) for result in results]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _row(result: Result) -> tuple[str, ...]:
    peer = "-" if result.peer is None else f"{result.peer:g}"
    ratio = "-" if result.ratio is None else f"{result.ratio:g}"
    return (
        result.case,
        f"{result.ours:g}",
        peer,
        result.unit,
        ratio,
        str(result.runs),
        result.peer_name or "-",
    )


def append(results: list[Result], path: Path = RESULTS) -> None:
    """Add results to the list in `.local/bench.json`."""
    known: list[object] = json.loads(path.read_text("utf-8")) if path.exists() else []
    known += [to_builtins(result) for result in results]
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
