"""What the shell offers after TAB: files, runners, keys, profiles, commands, experiments.

Completion must be quick and must never fail: where settings or plugins are broken, it offers what
is built in.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any

import click

from rvcli import keys
from rvcli.cli.state import State

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# Whoever waits longer after TAB types it themselves.
_PATIENCE_S = 1.0

Completer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def groups(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the groups of keys."""
    return _fitting(keys.GROUPS, incomplete)


def keys_of_all(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer the keys of a group, or of all; those that are places in code are left out."""
    from rvcli import registry

    group = str(ctx.params.get("group") or "").upper()
    with _session(ctx):
        entries = registry.current().entries()
    found = {e.key for e in entries if group in ("", e.group) and ":" not in e.key}
    return _fitting(sorted(found), incomplete)


def runners(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the runners, also those of plugins."""
    from rvcli import registry

    with _session(ctx):
        found = registry.current().keys(keys.EXPERIMENT_RUNNER)
    return _fitting([key.lower() for key in found], incomplete)


def words(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer an experiment file where none is given yet, and commands after it."""
    from rvcli import registry

    if not (ctx.params.get("words") or ctx.params.get("path") or ctx.params.get("module")):
        return experiment_files(ctx, param, incomplete)
    with _session(ctx):
        found = registry.current().get_commands()
    return _fitting([key.lower() for key in found], incomplete)


def experiment_files(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer Python files, and directories in which there may be some."""
    from pathlib import Path

    from click.shell_completion import CompletionItem

    head, slash, start = incomplete.rpartition("/")
    try:
        entries = sorted(Path(head + slash or ".").expanduser().iterdir())
    except OSError:
        return []
    shown = [e for e in entries if e.name.startswith(start) and not e.name.startswith((".", "__"))]
    names = [e.name for e in shown if e.suffix == ".py" and e.is_file()]
    # A directory is offered with its slash: one more TAB goes into it.
    names += [f"{e.name}/" for e in shown if e.is_dir()]
    return [CompletionItem(f"{head}{slash}{name}") for name in names]


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell to offer files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def tasks(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the words for tasks."""
    from rvcli.project.tasks import WORDS

    return _fitting(WORDS, incomplete)


def backends(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the words and the keys for backends."""
    from rvcli import registry

    found = registry.default().keys(keys.BACKEND)
    return _fitting(["sklearn", "pytorch", *found], incomplete)


def profiles(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the profiles of the project's file and those of the user."""
    from rvcli.profile import profile_names

    state = ctx.find_object(State) or State()
    return _fitting(_quietly(lambda: profile_names(state.config_path), []), incomplete)


def experiment_ids(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer the experiments that have been run below the local root that is given."""
    from rvcli.report.sources import list_experiments

    root = str(ctx.params.get("root_uri") or "")
    if not root or "://" in root:
        return []
    return _fitting(_quietly(lambda: list_experiments(root), []), incomplete)


def _fitting(values: Iterable[str], incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    start = incomplete.lower()
    return [CompletionItem(value) for value in values if value.lower().startswith(start)]


@contextmanager
def _session(ctx: click.Context) -> Iterator[None]:
    """Put the plugins of the profile in force, as far as they load, in silence."""
    from rvcli import registry

    state = ctx.find_object(State) or State()
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
        with redirect_stdout(nowhere), redirect_stderr(nowhere):
            loaded = _quietly(lambda: _loaded(state), None)
        with registry.use(loaded or registry.default()):
            yield


def _loaded(state: State) -> Any:
    with state.session(strict=False, quiet=True, patience_s=_PATIENCE_S) as session:
        return session.registry


def _quietly(function: Callable[[], Any], default: Any) -> Any:
    """Return what a function returns, or a default: nobody reads errors after TAB."""
    try:
        return function()
    except Exception:
        return default
