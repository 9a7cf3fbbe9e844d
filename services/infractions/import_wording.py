"""What came of an import, in words: the counts, the first mistakes, and all of them as a file."""

from typing import Final

from services.infractions.actions.importing import Imported, ImportMistake
from services.infractions.wording import on_one_line
from shared.contracts.actions import File, Message

MOST_LINES: Final = 20_000
"""Mistakes in the file that names them, which is then far from Discord's largest."""

SHOWN: Final = 5
LONGEST_MISTAKE: Final = 200


def import_answer(done: Imported) -> Message:
    """Say what an import did, or would do."""
    kinds = ", ".join(f"{number} {kind.value}" for kind, number in sorted(done.kinds.items()))
    what = "Would import" if done.dry_run else "Imported"
    lines = [f"{what} {done.imported} of {done.read} rows{f': {kinds}' if kinds else ''}."]
    if done.known:
        lines.append(f"{done.known} were imported before, and stay as they are.")
    if done.in_force:
        lines.append(f"{done.in_force} are in force; {done.timers} of them end by themselves.")
    if done.wrong:
        lines.append(f"{done.wrong} are left out, as they are wrong:")
        lines += [f"- {_line(one)}" for one in done.mistakes[:SHOWN]]
    return Message(content="\n".join(lines), files=_files(done), ephemeral=True)


def _line(mistake: ImportMistake) -> str:
    return f"Line {mistake.line}: {on_one_line(mistake.reason, LONGEST_MISTAKE)}"


def _files(done: Imported) -> tuple[File, ...]:
    """Name every mistake in a file, where the answer does not."""
    if done.wrong <= SHOWN:
        return ()
    written = [f"line {one.line}: {' '.join(one.reason.split())}" for one in done.mistakes]
    if done.wrong > len(done.mistakes):
        written.append(f"... and {done.wrong - len(done.mistakes)} more")
    text = "\n".join(written) + "\n"
    return (File(name="mistakes.txt", data=text.encode(), content_type="text/plain"),)
