"""`rv init`: make a project of imagery and labels."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rvcli import keys
from rvcli.cli import completion
from rvcli.cli.options import shared_options
from rvcli.cli.program import Program
from rvcli.cli.state import State
from rvcli.errors import UsageError, nearest

if TYPE_CHECKING:
    from rvcli.project.proposal import Material, Proposal
    from rvcli.project.wishes import Ask, Wishes

_TASKS = ("segmentation", "detection", "classification")
_DEMO = "demo"


@click.command("init", cls=Program)
@click.argument("directory", default=".", metavar="[DIR]", shell_complete=completion.files)
@click.option(
    "--image",
    "images",
    multiple=True,
    metavar="FILE",
    shell_complete=completion.files,
    help="An image, a glob in quotes, a folder or a URI. Repeatable. Without any, those in DIR are"
    " taken that have labels; if there are none, a demo is drawn.",
)
@click.option(
    "--labels",
    multiple=True,
    metavar="FILE",
    shell_complete=completion.files,
    help="Labels: vectors of any format, or rasters of class ids; one file for all images, or one"
    " for each, of the same name. Repeatable. Without any, those beside the images are taken.",
)
@click.option(
    "--task",
    metavar="TASK",
    shell_complete=completion.tasks,
    help=f"What to learn: {', '.join(_TASKS)}. Proposed by the labels unless given.",
)
@click.option("--classes", metavar="NAME,NAME...", help="The classes, in the order of their ids.")
@click.option(
    "--class-property", metavar="NAME", help="The property of the labels that says what each is."
)
@click.option(
    "--backend",
    default="sklearn",
    show_default=True,
    metavar="NAME",
    shell_complete=completion.backends,
    help="What learns: sklearn (no GPU needed), pytorch, or the key of a backend.",
)
@click.option(
    "--chip-size",
    type=click.IntRange(min=8),
    help="Width and height of chips, in pixels; proposed by objects and images unless given.",
)
@click.option(
    "--plugin/--no-plugin", default=True, show_default=True, help="With a plugin to start from."
)
@click.option("-y", "--yes", is_flag=True, help="Ask nothing: take what is proposed.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@shared_options()
@click.pass_obj
def command(
    state: State,
    /,
    directory: str,
    images: tuple[str, ...],
    labels: tuple[str, ...],
    task: str | None,
    classes: str | None,
    class_property: str | None,
    backend: str,
    chip_size: int | None,
    plugin: bool,
    yes: bool,
    force: bool,
) -> None:
    """Make a project in DIR, this directory by default, that runs as it is.

    It looks at the imagery and the labels, proposes task, classes, chip size and what to validate
    on, and asks on a terminal whether that is right. Files that are there are left alone.

    rv init town --image town.tif --labels buildings.geojson
    """
    from rvcli import profile, registry
    from rvcli.project.wishes import Wishes, take_default

    asks = not yes and sys.stdin.isatty()
    if labels and not images and not asks:
        raise UsageError("labels are given, but no image", hint="name it with --image FILE")
    wishes = Wishes(
        images,
        labels,
        None if task is None else _task(task),
        tuple(dict.fromkeys(name.strip() for name in (classes or "").split(",") if name.strip())),
        class_property,
        _backend(backend),
        chip_size,
    )
    root = Path(directory)
    with profile.use(state.settings()), registry.use(registry.default()):
        _make(root, wishes, _on_terminal if asks else take_default, plugin, force, state)


def _make(root: Path, wishes: Wishes, ask: Ask, plugin: bool, force: bool, state: State) -> None:
    from dataclasses import replace
    from tempfile import TemporaryDirectory

    from rvcli.cli.render.progress import work_view
    from rvcli.project.demo import IMAGE, LABELS, draw_demo
    from rvcli.project.proposal import look, propose
    from rvcli.project.write import project_files, write_files

    drawn: tuple[str, ...] = ()
    _refuse_full(root, wishes, force)
    if not wishes.images:
        wishes = _found(root, wishes, ask)
    with TemporaryDirectory(prefix="rv-init-") as tmp_dir:
        if not wishes.images:
            task = wishes.task or keys.SEMANTIC_SEGMENTATION
            place = Path(tmp_dir, "demo")
            image, labels = draw_demo(place, task)
            wishes = replace(wishes, task=task, images=(image,), labels=(labels,))
            drawn = (IMAGE, LABELS)
        with work_view(quiet=state.is_quiet):
            material = look(wishes, tmp_dir)
        if not (drawn or state.is_quiet):
            _tell_material(material)
        proposal = propose(material, wishes, ask)
        if drawn:
            proposal = _at_home(proposal, root)
        written = write_files(project_files(proposal, root, plugin=plugin), root, force=force)
        if drawn:
            draw_demo(root, proposal.task)
    if not state.is_quiet:
        _tell(root, [*written, *drawn], proposal)


def _found(root: Path, wishes: Wishes, ask: Ask) -> Wishes:
    """Return wishes with the imagery that is there, or that a person names; without, for a demo."""
    from dataclasses import replace

    from rvcli.project.pairs import imagery_in

    asks = ask is _on_terminal
    there = imagery_in(root) or (imagery_in(Path()) if asks else None)
    if not asks:
        if there is None or not there.is_labelled:
            return wishes
        return replace(wishes, images=(there.images,), labels=_words(there.labels))
    other = f"{_DEMO!r} draws one to try things on" if there else "nothing for a demo"
    proposed = there.images if there else ""
    image = ask(f"Image (a file, a glob or a folder; {other})", proposed)
    if not image or (image == _DEMO and not Path(_DEMO).exists()):
        return wishes
    labels = wishes.labels
    if not labels:
        proposed = there.labels if there and image == proposed else ""
        other = "" if proposed else "; nothing for those beside the image"
        labels = _words(ask(f"Labels (a file, a glob or a folder{other})", proposed))
    return replace(wishes, images=(image,), labels=labels)


def _at_home(proposal: Proposal, root: Path) -> Proposal:
    """Return a proposal whose imagery, which was drawn elsewhere to look at, is in the project."""
    from dataclasses import replace

    from rvcli.project.demo import IMAGE, LABELS
    from rvcli.project.pairs import imagery_in

    place = {"image": str(root / IMAGE), "labels": str(root / LABELS)}
    scenes = tuple(replace(scene, **place) for scene in proposal.scenes)
    note = "the imagery is drawn: rv init DIR --image FILE --labels FILE makes one of your own"
    there = imagery_in(root)
    if there is not None:
        note += f"; for {there.images} no labels were named, and none are called as it is"
    return replace(proposal, scenes=scenes, notes=(*proposal.notes, note))


def _refuse_full(root: Path, wishes: Wishes, force: bool) -> None:
    """Refuse at once, before anything is asked, what would overwrite a project.

    Raises:
        UsageError: there is one, or the directory is a file.
    """
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is a file", hint="name a directory")
    there = [name for name in ("experiment.py", "rv.toml", "scenes.csv") if (root / name).exists()]
    if there and not force:
        raise UsageError(
            f"there is a project in {root.absolute()} already: {', '.join(there)}",
            hint="choose another directory, as in rv init my-project; or give --force to replace"
            " its files",
        )


def _on_terminal(question: str, default: str, choices: Sequence[str] = ()) -> str:
    """Ask a person; an empty answer is the default."""
    kind = click.Choice(list(choices)) if choices else str
    # Where each choice has a line of its own, they are not named again.
    answer = click.prompt(
        question,
        default=default,
        type=kind,
        show_default=bool(default),
        show_choices="\n" not in question,
        err=True,
    )
    return str(answer).strip()


def _words(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _task(word: str) -> str:
    """Return the key of a task that was named by a word or its key.

    Raises:
        UsageError: there is none.
    """
    from rvcli.project.tasks import WORDS

    key = WORDS.get(word.lower(), word.upper().replace("-", "_"))
    if key not in keys.TASKS:
        near = nearest(word.lower(), list(WORDS))
        raise UsageError(
            f"there is no task {word!r}",
            hint=f"did you mean {near!r}?" if near else f"there are: {', '.join(WORDS)}",
        )
    return key


def _backend(word: str) -> str:
    """Return a backend that was named by a word or its key.

    Raises:
        UsageError: there is none.
    """
    from rvcli import registry

    known = registry.default().keys(keys.BACKEND)
    if word.lower() in ("sklearn", "pytorch"):
        return word.lower()
    if word.upper() not in known:
        near = nearest(word.lower(), ["sklearn", "pytorch"]) or nearest(word.upper(), known)
        raise UsageError(
            f"there is no backend {word!r}",
            hint=f"did you mean {near!r}?" if near else f"there are: {', '.join(known)}",
        )
    return word.upper()


def _tell_material(material: Material) -> None:
    """Print what was looked at, the first few of many."""
    for kind, found in (("images", material.images), ("files of labels", material.labels)):
        shown = list(found.values())
        for one in shown[:3]:
            click.echo(str(one), err=True)
        if len(shown) > 3:
            click.echo(f"and {len(shown) - 3} more {kind}", err=True)


def _tell(root: Path, written: Sequence[str], proposal: Proposal) -> None:
    """Print what was decided and written, and what to do next."""
    print(f"task: {proposal.task.lower().replace('_', ' ')} ({proposal.why})")
    print(f"classes: {', '.join(proposal.class_names)}")
    print(f"chip size: {proposal.chip_size} pixels")
    for note in proposal.notes:
        print(f"note: {note}")
    print(f"wrote in {root}: {', '.join(written)}")
    print("next:")
    if root.absolute() != Path.cwd():
        print(f"  cd {shlex.quote(str(root))}")
    print("  rv run local experiment.py")
