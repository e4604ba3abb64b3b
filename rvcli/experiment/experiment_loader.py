"""Find the experiments in a file or module, and build them."""

from __future__ import annotations

import importlib
import types
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rvcli.errors import nearest
from rvcli.experiment.arguments import ArgumentValueError, parameters_of, parse, takes_any
from rvcli.experiment.discover import full_name_of, matches, methods_of, sets_in
from rvcli.experiment.experiment_set import ExperimentSet
from rvcli.experiment.import_file import imported_file, on_path
from rvcli.experiment.user_code import LoaderError, user_code

__all__ = ["ExperimentLoader", "LoaderError"]

ExperimentsAndCommands = tuple[list[Any], list[Any]]


class ExperimentLoader:
    """Loads experiments.

    Args:
        experiment_args: arguments of the experiment methods by name; words of the command
            line are converted to what the methods' annotations say.
        experiment_method_prefix: how the names of experiment methods begin.
        experiment_method_patterns: take only the methods whose name, or `Set.name`, matches
            one of these; `*` and `?` as in file names.
        experiment_name_patterns: take only the experiments whose id matches one of these.
            Commands have no id and are all taken.
        strict: refuse arguments that no method with the prefix takes, and to find nothing.
    """

    def __init__(
        self,
        experiment_args: Mapping[str, Any] | None = None,
        experiment_method_prefix: str = "exp",
        experiment_method_patterns: Iterable[str] | None = None,
        experiment_name_patterns: Iterable[str] | None = None,
        *,
        strict: bool = False,
    ) -> None:
        self.exp_args = dict(experiment_args or {})
        self.exp_method_prefix = experiment_method_prefix
        self.exp_method_patterns = list(experiment_method_patterns or ())
        self.exp_name_patterns = list(experiment_name_patterns or ())
        self.strict = strict
        self._roots: list[Path] = []

    def load_from_file(self, path: str | Path) -> ExperimentsAndCommands:
        """Return the experiments and the commands of a Python file.

        Raises:
            ExperimentError: the file cannot be used; strict, it has no experiments.
        """
        file = _existing_file(Path(path))
        self._roots = [file.parent]
        with ExitStack() as stack:
            with user_code(f"{path} cannot be loaded", self._roots):
                module = stack.enter_context(imported_file(file))
            return self._load_module(module, str(path))

    def load_from_module(self, name: str) -> ExperimentsAndCommands:
        """Return the experiments and the commands of a module, found from here as well.

        Raises:
            ExperimentError: the module cannot be used; strict, it has no experiments.
        """
        self._roots = [Path.cwd()]
        with on_path(Path.cwd()):
            with user_code(f"module {name} cannot be loaded", self._roots):
                module = _import_module(name)
            if module.__file__ is not None:
                self._roots.append(Path(module.__file__).parent)
            return self._load_module(module, f"module {name}")

    def load_from_sets(self, experiment_sets: Iterable[ExperimentSet]) -> ExperimentsAndCommands:
        """Return the experiments and the commands of several sets."""
        return self._load_sets(list(experiment_sets), "the experiment sets")

    def load_from_set(self, experiment_set: ExperimentSet) -> ExperimentsAndCommands:
        """Return the experiments and the commands of one set."""
        return self._load_sets([experiment_set], type(experiment_set).__name__)

    def load_from_experiment(
        self, exp_func: Callable[..., Any], full_name: str
    ) -> ExperimentsAndCommands:
        """Return the experiments and the commands that one method returns.

        Raises:
            ExperimentError: an argument is missing or does not fit, the method fails, or
                what it returns is no config.
        """
        arguments = self._arguments_for(exp_func, full_name)
        with user_code(f"{full_name} failed", self._roots):
            result = exp_func(**arguments)
            many = not isinstance(result, (str, bytes)) and isinstance(result, Iterable)
            results = list(result) if many else [result]
        experiments: list[Any] = []
        commands: list[Any] = []
        for config in results:
            if _kind_of(config, full_name) == "command":
                commands.append(config)
            else:
                experiments.append(config)
        return experiments, commands

    def _load_module(self, module: types.ModuleType, where: str) -> ExperimentsAndCommands:
        classes = sets_in(module)
        if not classes:
            return self._nothing(
                LoaderError(
                    f"{where} has no experiments",
                    hint="write a class that subclasses rv.ExperimentSet, with methods "
                    f"{self.exp_method_prefix}* that return an ExperimentConfig",
                )
            )
        sets = []
        for experiment_set in classes:
            with user_code(f"{experiment_set.__name__} cannot be created", self._roots):
                sets.append(experiment_set())
        return self._load_sets(sets, where)

    def _load_sets(self, sets: list[ExperimentSet], where: str) -> ExperimentsAndCommands:
        methods = [m for each in sets for m in self._methods_of(each)]
        if not methods:
            return self._nothing(self._no_methods(sets, where))
        if self.strict:
            prefix = self.exp_method_prefix
            self._check_arguments_known([m for each in sets for m in methods_of(each, prefix)])
        experiments: list[Any] = []
        commands: list[Any] = []
        for method in methods:
            found = self.load_from_experiment(method, full_name_of(method))
            experiments += found[0]
            commands += found[1]
        if not experiments and not commands:
            return self._nothing(
                LoaderError(
                    f"{where} has no experiments: {full_name_of(methods[0])} returns none",
                    hint="return an ExperimentConfig or a list of them",
                )
            )
        return self._filtered(experiments, commands, where)

    def _filtered(
        self, experiments: list[Any], commands: list[Any], where: str
    ) -> ExperimentsAndCommands:
        if not self.exp_name_patterns:
            return experiments, commands
        chosen = [e for e in experiments if matches([e.id], self.exp_name_patterns)]
        if not chosen and not commands:
            return self._nothing(
                LoaderError(
                    f"{where} has no experiment whose id matches {_listed(self.exp_name_patterns)}",
                    hint=f"there are: {', '.join(str(e.id) for e in experiments)}",
                )
            )
        return chosen, commands

    def _nothing(self, why: LoaderError) -> ExperimentsAndCommands:
        if self.strict:
            raise why
        return [], []

    def _methods_of(self, experiment_set: ExperimentSet) -> list[Callable[..., Any]]:
        """List the experiment methods of a set that the patterns choose, as they are defined."""
        methods = methods_of(experiment_set, self.exp_method_prefix)
        patterns = self.exp_method_patterns
        if not patterns:
            return methods
        return [m for m in methods if matches([m.__name__, full_name_of(m)], patterns)]

    def _no_methods(self, sets: list[ExperimentSet], where: str) -> LoaderError:
        prefixed = [m for each in sets for m in methods_of(each, self.exp_method_prefix)]
        if prefixed:
            return LoaderError(
                f"{where} has no experiment method that matches "
                f"{_listed(self.exp_method_patterns)}",
                hint=f"there are: {', '.join(full_name_of(m) for m in prefixed)}",
            )
        others = [full_name_of(m) for each in sets for m in methods_of(each, "")]
        return LoaderError(
            f"{where} has no experiments: no method begins with {self.exp_method_prefix!r}",
            hint=f"there are: {', '.join(others)}" if others else "write one",
        )

    def _check_arguments_known(self, methods: list[Callable[..., Any]]) -> None:
        if any(takes_any(m) for m in methods) or not methods:
            return
        known = {name for m in methods for name in parameters_of(m)}
        for name in self.exp_args:
            if name not in known:
                raise LoaderError(
                    f"no experiment takes an argument {name!r}", hint=_nearest(name, known)
                )

    def _arguments_for(self, exp_func: Callable[..., Any], full_name: str) -> dict[str, Any]:
        parameters = parameters_of(exp_func)
        extra = self.exp_args.keys() - parameters.keys() if takes_any(exp_func) else set()
        arguments = {name: self.exp_args[name] for name in self.exp_args if name in extra}
        missing = []
        for name, parameter in parameters.items():
            if name in self.exp_args:
                try:
                    arguments[name] = parse(self.exp_args[name], parameter.annotation)
                except ArgumentValueError as e:
                    raise LoaderError(
                        f"{full_name}: argument {name} must be {e}, not {self.exp_args[name]!r}",
                        hint=f"pass it as -a {name} VALUE",
                    ) from e
            elif parameter.default is parameter.empty:
                missing.append(name)
        if missing:
            raise LoaderError(
                f"{full_name} needs the argument {_listed(missing)}",
                hint="pass " + " ".join(f"-a {name} VALUE" for name in missing),
            )
        return arguments


def _existing_file(path: Path) -> Path:
    if path.is_file():
        return path.resolve()
    kind = "is a directory" if path.is_dir() else "does not exist"
    directory = path if path.is_dir() else path.parent
    near = sorted(p.name for p in directory.glob("*.py")) if directory.is_dir() else []
    close = nearest(path.name, near)
    hint = f"did you mean {directory / close}?" if close else None
    if hint is None and near:
        hint = f"there are: {', '.join(near[:10])}"
    elif hint is None and directory.is_dir():
        hint = "rv init makes a project with one, of your imagery and labels"
    raise LoaderError(f"experiment file {path} {kind}", hint=hint)


def _import_module(name: str) -> types.ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as e:
        if e.name is not None and f"{name}.".startswith(f"{e.name}."):
            hint = "name a module that can be imported from here, or use -p for a file"
            raise LoaderError(f"there is no module {e.name!r}", hint=hint) from e
        raise


def _kind_of(config: Any, full_name: str) -> str:
    """Return `"experiment"` or `"command"`, or raise LoaderError for anything else."""
    from rvcli.command.command_config import CommandConfig
    from rvcli.experiment.experiment_config import ExperimentConfig

    if isinstance(config, ExperimentConfig):
        return "experiment"
    if isinstance(config, CommandConfig):
        return "command"
    if callable(getattr(config, "build", None)):
        raise LoaderError(
            f"{full_name} returned a {type(config).__name__}, which is not built",
            hint="end it with .build()",
        )
    shown = "nothing" if config is None else f"{config!r:.60} ({type(config).__name__})"
    raise LoaderError(
        f"{full_name} returned {shown}",
        hint="return an ExperimentConfig, a CommandConfig, or several in a list",
    )


def _listed(words: Iterable[str]) -> str:
    return ", ".join(repr(word) for word in words)


def _nearest(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    near = nearest(name.replace("-", "_"), known, cutoff=0.5)
    if near:
        return f"did you mean {near!r}?"
    return f"there are: {', '.join(known)}" if known else "the experiments take no arguments"
