"""`rv migrate`: say what old files use that is written otherwise today, and rewrite them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from rvcli.cli import completion
from rvcli.cli.options import shared_options
from rvcli.cli.say import style
from rvcli.cli.state import State, warn
from rvcli.errors import EXIT_DONE, EXIT_FAILURE, ExperimentError, NotWritableError, UsageError

if TYPE_CHECKING:
    from rvcli.compat.migrate import Finding, Migration

_COLORS = {
    "rename": "green",
    "deprecated": "green",
    "manual": "yellow",
    "absent": "red",
    "note": "cyan",
}


@click.command("migrate")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", shell_complete=completion.files
)
@click.option("--write", is_flag=True, help="Rewrite the files.")
@click.option("--diff", is_flag=True, help="Print what --write would change, as a unified diff.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@shared_options()
@click.pass_obj
def command(state: State, /, files: tuple[str, ...], write: bool, diff: bool, as_json: bool) -> int:
    """Say what old files use that is written otherwise today, and rewrite them.

    FILE is a Python file, a directory, or a pattern. Nothing of it is imported or run.

    The exit code is 1 while something is left to do: without --write all that is found counts,
    with it what must be done by hand. It is 3 where a file does not parse or cannot
    be written; it is left alone, and others go on.
    """
    from rvcli.compat.migrate import find_files, migrate_file

    if diff and (write or as_json):
        raise UsageError("--diff goes with neither --write nor --json", hint="leave one out")
    paths, left_out = find_files(files)
    warn(left_out)
    from rvcli.cli.render.progress import work_view
    from rvcli.progress import track

    with work_view(quiet=state.is_quiet), track("reading", len(paths), "files") as progress:
        migrations = []
        for path in paths:
            migrations.append(migrate_file(path))
            progress.advance()
    faults = [f"{m.path}: {m.fault}" for m in migrations if m.fault]
    if write:
        faults += _write(migrations)
    if as_json:
        _print_json(migrations, write)
    elif diff:
        for migration in migrations:
            _print_diff(migration)
    else:
        for migration in migrations:
            for finding in migration.scan.findings if migration.scan else ():
                if not state.is_quiet:
                    _print_finding(migration, finding)
        click.echo(_summary(migrations, write))
    _raise_faults(faults)
    return EXIT_FAILURE if _counts(migrations, write)["left"] else EXIT_DONE


def _write(migrations: list[Migration]) -> list[str]:
    """Write what changes, and return what goes wrong."""
    faults = []
    for migration in migrations:
        try:
            if migration.changes:
                migration.write()
        except NotWritableError as e:
            faults.append(e.message)
    return faults


def _print_finding(migration: Migration, finding: Finding) -> None:
    place = f"{migration.path}:{finding.line}:{finding.column}"
    kind = style(finding.kind, fg=_COLORS[finding.kind])
    text = _in_one_line(finding.old) + (f" -> {_in_one_line(finding.new)}" if finding.new else "")
    click.echo(f"{place}  {kind}  {text}" + (f"  ({finding.why})" if finding.why else ""))


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _print_diff(migration: Migration) -> None:
    from difflib import unified_diff

    if migration.scan is None or not migration.changes:
        return
    before, after = migration.before.splitlines(True), migration.scan.text.splitlines(True)
    for line in unified_diff(before, after, str(migration.path), str(migration.path)):
        ended = line.endswith(("\n", "\r"))
        sys.stdout.write(line if ended else f"{line}\n\\ No newline at end of file\n")


def _counts(migrations: list[Migration], write: bool) -> dict[str, int]:
    """Count what was found, and what of it is left to do."""
    from rvcli.compat.migrate import KINDS, LEFT_TO_DO, REWRITTEN

    kinds = [f.kind for m in migrations if m.scan is not None for f in m.scan.findings]
    counts = {kind: kinds.count(kind) for kind in KINDS}
    waiting = LEFT_TO_DO if write else (*LEFT_TO_DO, *REWRITTEN)
    return {**counts, "left": sum(counts[kind] for kind in waiting)}


def _summary(migrations: list[Migration], write: bool) -> str:
    counts = _counts(migrations, write)
    n = len(migrations)
    text = f"{n} file{'s' if n != 1 else ''}: "
    renames = counts["rename"] + counts["deprecated"]
    by_hand = counts["manual"] + counts["absent"]
    if not renames and not by_hand:
        return text + "nothing to do"
    parts = []
    if renames:
        changed = sum(migration.changes for migration in migrations)
        where = f"in {changed} file{'s' if changed != 1 else ''}"
        parts.append(f"{renames} rewritten {where}" if write else f"{renames} to rewrite {where}")
    if by_hand:
        parts.append(f"{by_hand} to do by hand")
    tip = "" if write or not renames else "; --write rewrites, --diff shows it"
    return text + ", ".join(parts) + tip


def _print_json(migrations: list[Migration], write: bool) -> None:
    from rvcli.cli.render.table import print_json

    rows: list[dict[str, Any]] = [
        {
            "path": str(migration.path),
            "findings": [f.to_dict() for f in migration.scan.findings] if migration.scan else [],
            "changes": migration.changes,
            "written": migration.changes and write,
            "fault": migration.fault or None,
        }
        for migration in migrations
    ]
    print_json({"files": rows, "counts": _counts(migrations, write)})


def _raise_faults(faults: list[str]) -> None:
    """Name the files that were left alone.

    Raises:
        ExperimentError: there are some.
    """
    if not faults:
        return
    shown = faults[:10] + ([f"and {len(faults) - 10} more"] if len(faults) > 10 else [])
    files = "a file was" if len(faults) == 1 else f"{len(faults)} files were"
    raise ExperimentError(
        f"{files} left alone: {'; '.join(shown)}",
        hint="code for Python 2 runs no more: make it parse, and migrate it then",
    )
