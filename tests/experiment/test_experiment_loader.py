"""The loader of experiment files."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from rvcli.errors import EXIT_CONFIG, ExperimentError
from rvcli.experiment.experiment_loader import ExperimentLoader, LoaderError
from rvcli.experiment.experiment_set import ExperimentSet

HEAD = """\
from __future__ import annotations
from typing import Optional
from rvcli.command.train_command_config import TrainCommandConfig
from rvcli.experiment.experiment_config import ExperimentConfig, ExperimentConfigBuilder
from rvcli.experiment.experiment_set import ExperimentSet
"""


def write(path: Path, body: str, head: str = HEAD) -> Path:
    """Write a Python file that begins with the usual imports."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(head + dedent(body), encoding="utf-8")
    return path


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    """Return a file with two sets, three methods and arguments."""
    return write(
        tmp_path / "experiment.py",
        """
        class First(ExperimentSet):
            def exp_b(self, size: int = 3):
                return ExperimentConfig(id=f"b-{size!r}")

            def exp_a(self):
                return [ExperimentConfig(id="a1"), ExperimentConfig(id="a2")]

            def helper(self):
                raise AssertionError

        class Second(ExperimentSet):
            def exp_gen(self, name="x"):
                yield ExperimentConfig(id=f"gen-{name!r}")
                yield TrainCommandConfig(root_uri="/root")
        """,
    )


def ids(path: Path, **kwargs: Any) -> list[str]:
    """Return the ids of the experiments that a loader finds in a file."""
    return [e.id for e in ExperimentLoader(**kwargs).load_from_file(path)[0]]


def fails(path: Path, **kwargs: Any) -> ExperimentError:
    """Return the error with which loading a file ends."""
    with pytest.raises(ExperimentError) as caught:
        ExperimentLoader(**kwargs, strict=True).load_from_file(path)
    return caught.value


def test_loads_every_method_of_every_set(experiment: Path) -> None:
    """Each method of each set counts, in the order of the file, single, list or generator."""
    experiments, commands = ExperimentLoader().load_from_file(str(experiment))
    assert ["b-3", "a1", "a2", "gen-'x'"] == [e.id for e in experiments]
    assert ["TRAIN"] == [c.command_type for c in commands]


def test_prefix_is_free(experiment: Path) -> None:
    """Another prefix chooses other methods."""
    assert ["gen-'x'"] == ids(experiment, experiment_method_prefix="exp_g")


@pytest.mark.parametrize("pattern", ["exp_a", "First.exp_a", "*_a", "*.*_a"])
def test_method_patterns_choose_methods(experiment: Path, pattern: str) -> None:
    """A method pattern matches the name of a method, or `Set.name`."""
    assert ["a1", "a2"] == ids(experiment, experiment_method_patterns=[pattern])


def test_name_patterns_choose_experiments(experiment: Path) -> None:
    """A name pattern matches the id of an experiment; commands stay."""
    loader = ExperimentLoader(experiment_name_patterns=["a?", "b*"])
    experiments, commands = loader.load_from_file(experiment)
    assert (["b-3", "a1", "a2"], 1) == ([e.id for e in experiments], len(commands))


def test_arguments_are_converted_to_the_annotation(experiment: Path) -> None:
    """An argument goes to the methods that take it, as the annotated type."""
    arguments = {"size": "7", "name": "7"}
    assert ["b-7", "a1", "a2", "gen-'7'"] == ids(experiment, experiment_args=arguments)


def test_kwargs_take_every_argument(tmp_path: Path) -> None:
    """A method with `**kwargs` gets the arguments that it does not name."""
    path = write(
        tmp_path / "e.py",
        """
        class E(ExperimentSet):
            def exp(self, size: int, **options):
                return ExperimentConfig(id=f"{size} {options}")
        """,
    )
    assert ["1 {'other': 'x'}"] == ids(path, experiment_args={"size": "1", "other": "x"})


def test_siblings_are_found_absolutely_and_relatively(tmp_path: Path) -> None:
    """A file may import what lies beside it, in both ways, and data is found by __file__."""
    write(tmp_path / "my dir" / "helper_of_test.py", "NAME = 'one'", head="")
    path = write(
        tmp_path / "my dir" / "my-experiment.py",
        """
        from pathlib import Path
        from helper_of_test import NAME
        from .helper_of_test import NAME as SAME
        class E(ExperimentSet):
            def exp(self):
                import helper_of_test
                where = Path(__file__).name
                return ExperimentConfig(id=f"{NAME} {SAME} {helper_of_test.NAME} {where}")
        """,
    )
    assert ["one one one my-experiment.py"] == ids(path)
    assert str(path.parent) not in sys.path
    assert not list(path.parent.glob("__pycache__"))


def test_each_file_has_its_own_siblings(tmp_path: Path) -> None:
    """Two files in two directories each get the sibling of the same name beside them."""
    body = """
    import helper_of_test
    class E(ExperimentSet):
        def exp(self):
            return ExperimentConfig(id=helper_of_test.NAME)
    """
    for name in ("one", "two"):
        write(tmp_path / name / "helper_of_test.py", f"NAME = {name!r}", head="")
        write(tmp_path / name / "experiment.py", body)
    paths = [tmp_path / name / "experiment.py" for name in ("one", "two", "one")]
    assert [["one"], ["two"], ["one"]] == [ids(path) for path in paths]


def test_an_edit_is_seen(tmp_path: Path) -> None:
    """A file and its siblings are read afresh, also when they change within a second."""
    path = tmp_path / "experiment.py"
    found = []
    for name in ("one", "two"):
        write(tmp_path / "helper_of_test.py", f"NAME = {name!r}", head="")
        write(
            path,
            f"""
            import helper_of_test
            class E(ExperimentSet):
                def exp(self):
                    return ExperimentConfig(id=helper_of_test.NAME + "-{name}")
            """,
        )
        found += ids(path)
    assert ["one-one", "two-two"] == found


def test_a_sibling_hides_a_module_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sibling comes before an imported module of its name, which is back afterwards."""
    other = type(sys)("helper_of_test")
    monkeypatch.setitem(sys.modules, "helper_of_test", other)
    write(tmp_path / "helper_of_test.py", "NAME = 'sibling'", head="")
    path = write(
        tmp_path / "experiment.py",
        """
        import helper_of_test
        class E(ExperimentSet):
            def exp(self):
                return ExperimentConfig(id=helper_of_test.NAME)
        """,
    )
    assert ["sibling"] == ids(path)
    assert other is sys.modules["helper_of_test"]


def test_a_file_in_a_package_reaches_its_package(tmp_path: Path) -> None:
    """A file inside a package may import from the package, relatively upwards and absolutely."""
    write(tmp_path / "pkg_of_test" / "__init__.py", "", head="")
    write(tmp_path / "pkg_of_test" / "common.py", "NAME = 'common'", head="")
    write(tmp_path / "pkg_of_test" / "sub" / "__init__.py", "", head="")
    path = write(
        tmp_path / "pkg_of_test" / "sub" / "experiment.py",
        """
        from ..common import NAME
        import pkg_of_test.common
        class E(ExperimentSet):
            def exp(self):
                return ExperimentConfig(id=f"{NAME} {pkg_of_test.common.NAME}")
        """,
    )
    assert ["common common"] == ids(path)


def test_loads_a_module_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module is found in the working directory; sets that it imports count."""
    write(
        tmp_path / "sets_of_test.py",
        """
        class Base(ExperimentSet):
            def exp_base(self):
                return ExperimentConfig(id="base")

        class Other(ExperimentSet):
            def exp_other(self):
                return ExperimentConfig(id="other")
        """,
    )
    write(
        tmp_path / "module_of_test.py",
        """
        from sets_of_test import Base, Other
        class Mine(Base):
            def exp_mine(self):
                return ExperimentConfig(id="mine")
        """,
    )
    monkeypatch.chdir(tmp_path)
    experiments, _ = ExperimentLoader().load_from_module("module_of_test")
    assert ["other", "base", "mine"] == [e.id for e in experiments]


def test_loads_from_sets_and_a_set() -> None:
    """Sets that are already there load as well."""
    from rvcli.experiment.experiment_config import ExperimentConfig

    class Own(ExperimentSet):
        def exp(self) -> Any:
            return ExperimentConfig(id="own")

    assert ["own"] == [e.id for e in ExperimentLoader().load_from_set(Own())[0]]
    assert ["own", "own"] == [e.id for e in ExperimentLoader().load_from_sets([Own(), Own()])[0]]


# Errors.

ONE_METHOD = """
class E(ExperimentSet):
    def exp_main(self{parameters}):
        {body}
"""


def one_method(tmp_path: Path, body: str, parameters: str = "") -> Path:
    """Write a file with one experiment method."""
    return write(tmp_path / "e.py", ONE_METHOD.format(body=body, parameters=parameters))


def test_missing_file_names_the_nearest(experiment: Path) -> None:
    """A file that does not exist is an experiment error that names a near one."""
    error = fails(experiment.parent / "experimant.py")
    assert isinstance(error, LoaderError)
    assert EXIT_CONFIG == error.exit_code
    assert f"did you mean {experiment}?" == error.hint
    assert "there are: experiment.py" == fails(experiment.parent / "other").hint
    assert "is a directory" in fails(experiment.parent).message
    assert fails(experiment.parent / "none" / "x.py").hint is None
    (experiment.parent / "empty").mkdir()
    assert "rv init makes" in str(fails(experiment.parent / "empty" / "experiment.py").hint)


def test_missing_module_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that does not exist is an experiment error; an invalid name is one, too."""
    monkeypatch.chdir(tmp_path)
    for name in ("no_such_module", "no_such.module", "rvcli.no_such"):
        with pytest.raises(LoaderError, match="there is no module"):
            ExperimentLoader().load_from_module(name)
    with pytest.raises(LoaderError, match="cannot be loaded"):
        ExperimentLoader().load_from_module(".relative")


@pytest.mark.parametrize(
    ("body", "message", "hint"),
    [
        ("x = 1", "has no experiments", "rv.ExperimentSet"),
        ("class E(ExperimentSet): ...", "no method begins with 'exp'", "write one"),
        (
            "class E(ExperimentSet):\n    def experment(self): ...",
            "E.experment returned nothing",
            "return an ExperimentConfig",
        ),
        (
            "class E(ExperimentSet):\n    def main(self): ...",
            "no method begins with 'exp'",
            "there are: E.main",
        ),
    ],
    ids=["no set", "no method", "returns nothing", "other method"],
)
def test_a_file_without_experiments_is_an_error(
    tmp_path: Path, body: str, message: str, hint: str
) -> None:
    """A file that yields no experiment says why."""
    error = fails(write(tmp_path / "e.py", body))
    assert message in error.message
    assert hint in (error.hint or "")


def test_an_empty_list_is_an_error(tmp_path: Path) -> None:
    """Methods that return empty lists make a file without experiments."""
    assert "E.exp_main returns none" in fails(one_method(tmp_path, "return []")).message


def test_patterns_that_match_nothing_are_errors(experiment: Path) -> None:
    """A pattern without a match names what there is."""
    error = fails(experiment, experiment_method_patterns=["nope"])
    assert "no experiment method that matches 'nope'" in error.message
    assert "there are: First.exp_b, First.exp_a, Second.exp_gen" == error.hint
    only_first = {"experiment_method_patterns": ["exp_a"], "experiment_name_patterns": ["z"]}
    error = fails(experiment, **only_first)
    assert "no experiment whose id matches 'z'" in error.message
    assert "there are: a1, a2" == error.hint


def test_an_unknown_argument_names_the_nearest(experiment: Path) -> None:
    """An argument that no method takes is an error that names the nearest one."""
    error = fails(experiment, experiment_args={"sise": "1"})
    assert "no experiment takes an argument 'sise'" == error.message
    assert "did you mean 'size'?" == error.hint
    assert "there are: name, size" == fails(experiment, experiment_args={"q": "1"}).hint


def test_unknown_arguments_pass_unless_it_is_strict(experiment: Path) -> None:
    """Programs of old give all methods the same arguments."""
    loader = ExperimentLoader({"sise": "1"}, experiment_method_patterns=["exp_a"])
    assert ["a1", "a2"] == [e.id for e in loader.load_from_file(experiment)[0]]


def test_an_argument_of_a_method_that_is_not_chosen_is_known(experiment: Path) -> None:
    """A pattern does not make arguments of other methods wrong."""
    loader = ExperimentLoader({"size": "1"}, "exp", ["exp_a"], strict=True)
    assert 2 == len(loader.load_from_file(experiment)[0])


def test_an_argument_without_takers_says_so(tmp_path: Path) -> None:
    """Where the methods take no arguments at all, the hint says so."""
    error = fails(one_method(tmp_path, "return []"), experiment_args={"x": "1"})
    assert "the experiments take no arguments" == error.hint


def test_a_missing_argument_is_named(tmp_path: Path) -> None:
    """A parameter without default and value is an error that says how to pass it."""
    error = fails(one_method(tmp_path, "return []", ", root_uri, size: int"))
    assert "E.exp_main needs the argument 'root_uri', 'size'" == error.message
    assert "pass -a root_uri VALUE -a size VALUE" == error.hint


def test_an_argument_that_does_not_fit_is_named(experiment: Path) -> None:
    """A word that is not of the annotated type is an error with the word."""
    error = fails(experiment, experiment_args={"size": "three"})
    assert "First.exp_b: argument size must be a whole number, not 'three'" == error.message


@pytest.mark.parametrize(
    ("body", "message", "hint"),
    [
        ("return ExperimentConfigBuilder()", "which is not built", "end it with .build()"),
        ("return None", "returned nothing", "return an ExperimentConfig"),
        ("return 3", "returned 3 (int)", "return an ExperimentConfig"),
        ("return 'exp'", "returned 'exp' (str)", "return an ExperimentConfig"),
        ("return [None]", "returned nothing", "return an ExperimentConfig"),
    ],
)
def test_what_is_no_config_is_refused(tmp_path: Path, body: str, message: str, hint: str) -> None:
    """A method must return configs, built ones."""
    error = fails(one_method(tmp_path, body))
    assert message in error.message
    assert hint in (error.hint or "")


def test_an_error_shows_the_users_frames_only(tmp_path: Path) -> None:
    """An error in a method shows the frames and lines of the user's files, not ours."""
    write(tmp_path / "helper_of_test.py", "def fail(text):\n    return int(text)\n", head="")
    path = write(
        tmp_path / "e.py",
        """
        import json
        import helper_of_test
        class E(ExperimentSet):
            def exp_json(self):
                yield ExperimentConfig(id="x")
                json.loads("{")

            def exp_main(self):
                return helper_of_test.fail("three")
        """,
    )
    error = fails(path, experiment_method_patterns=["exp_main"])
    assert "E.exp_main failed: ValueError: invalid literal" in error.message
    assert [
        f'{path}:15 in exp_main\n    return helper_of_test.fail("three")',
        f"{tmp_path / 'helper_of_test.py'}:2 in fail\n    return int(text)",
    ] == list(error.frames)
    error = fails(path)
    assert (f'{path}:12 in exp_json\n    json.loads("{{")',) == error.frames


def test_an_error_of_ours_keeps_its_hint(tmp_path: Path) -> None:
    """A config that the user builds wrongly keeps message and hint, at the user's line."""
    path = one_method(tmp_path, "return ExperimentConfigBuilder().with_ide('x')")
    error = fails(path)
    assert "has no method with_ide" in error.message
    assert "did you mean with_id?" == error.hint
    assert [f"{path}:9"] == [frame.partition(" in ")[0] for frame in error.frames]


@pytest.mark.parametrize(
    ("body", "message", "hint"),
    [
        ("def f(:", "SyntaxError: ", None),
        ("import no_such_module_of_test", "ModuleNotFoundError", "no_such_module_of_test"),
        ("raise SystemExit(0)", "it ends the program (SystemExit: 0)", "__main__"),
        ("raise RuntimeError", "cannot be loaded: RuntimeError", None),
    ],
)
def test_a_file_that_does_not_load_shows_its_line(
    tmp_path: Path, body: str, message: str, hint: str | None
) -> None:
    """Whatever goes wrong while a file is imported is told with file, line and source."""
    path = write(tmp_path / "e.py", f"\n{body}\n")
    error = fails(path)
    assert message in error.message
    assert (hint or "") in (error.hint or "")
    (frame,) = error.frames
    assert frame.startswith(f"{path}:7")
    assert frame.endswith(f"\n    {body}")
    assert not [name for name in sys.modules if name.endswith(".e") and "experiment_" in name]


def test_a_set_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    """A set whose constructor needs arguments is an error that names it."""
    body = """
    class E(ExperimentSet):
        def __init__(self, x):
            pass
        def exp(self):
            pass
    """
    assert "E cannot be created: TypeError" in fails(write(tmp_path / "e.py", body)).message


def test_endless_recursion_shows_few_frames(tmp_path: Path) -> None:
    """The frames of a deep recursion are cut in the middle."""
    error = fails(one_method(tmp_path, "return self.exp_main()"))
    assert 21 == len(error.frames)
    assert "more frames" in error.frames[10]


def test_an_interrupt_is_not_an_error_of_the_file(tmp_path: Path) -> None:
    """Ctrl-C while the file runs stays what it is."""
    with pytest.raises(KeyboardInterrupt):
        ExperimentLoader().load_from_file(one_method(tmp_path, "raise KeyboardInterrupt"))
