"""What real code relies on: profiles, plugin files, environment and command line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rvcli.cli.main import call

EXPERIMENT = """
import rastervision as rv


class Experiments(rv.ExperimentSet):
    def exp_one(self, root, size='64'):
        return self.make(root, 'one', size)

    def words_given(self, root, size: int = 64, ids: list = None):
        return self.make(root, '-'.join(ids.split(',')), size.strip())

    def exp_two(self, root, size='64'):
        return [self.make(root, name, size) for name in ['two-a', 'two-b']]

    def test_it(self, root, size='64'):
        return self.make(root, 'tested', size)

    def make(self, root, name, size):
        task = rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION) \\
            .with_classes(['a', 'b']).with_chip_size(int(size)).build()
        backend = rv.BackendConfig.builder('SKLEARN_CHIP_CLASSIFICATION').with_task(task).build()
        scenes = [
            rv.SceneConfig.builder().with_task(task).with_id(str(i))
            .with_raster_source('/data/{}.tif'.format(i)).with_label_source('/data/l.geojson')
            .build() for i in range(4)]
        dataset = rv.DatasetConfig.builder().with_train_scenes(scenes[:3]) \\
            .with_validation_scene(scenes[3]).build()
        return rv.ExperimentConfig.builder().with_id(name).with_root_uri(root).with_task(task) \\
            .with_backend(backend).with_dataset(dataset).build()


if __name__ == '__main__':
    rv.main()
"""

PLUGIN = """
import rastervision as rv
from rastervision.evaluation import EvaluatorConfig, EvaluatorConfigBuilder
from rastervision.rv_config import RVConfig
{imports}

subconfig = RVConfig.get_instance().get_subconfig('MY_SECTION')


class ShoutConfig(EvaluatorConfig):
    def __init__(self):
        super().__init__('SHOUT')

    def create_evaluator(self):
        pass


class ShoutConfigBuilder(EvaluatorConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(ShoutConfig)

    def from_proto(self, msg):
        return self


class Whisper(rv.AuxCommand):
    command_type = 'WHISPER_' + subconfig('loudness', default='3', parser=int).__class__.__name__

    def run(self):
        pass


def register_plugin(plugin_registry):
    plugin_registry.register_config_builder(rv.EVALUATOR, 'SHOUT_{name}', ShoutConfigBuilder)
    plugin_registry.register_aux_command('WHISPER_{name}_' + str(
        subconfig('loudness', default='3', parser=int) + 1), Whisper)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in a home of an old user, with an experiment file and two plugins."""
    for name in list(os.environ):
        if name.startswith(("RV_", "PLUGINS_", "XDG_", "MY_SECTION")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "experiments.py").write_text(EXPERIMENT)
    (tmp_path / ".rastervision").mkdir()
    (tmp_path / "first.py").write_text(PLUGIN.format(name="FIRST", imports=""))
    (tmp_path / "second.py").write_text(PLUGIN.format(name="SECOND", imports=""))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name in ("experiments", "first", "second"):
            del sys.modules[name]


@pytest.fixture
def plan(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    """Give a function that returns the ids of what `rv run local` would run."""

    def run(*words: str) -> list[str]:
        given = ["run", "local", *words, "-n", "-x", "--json", "-a", "root", str(home / "root")]
        assert 0 == call(given)
        found = json.loads(capsys.readouterr().out)
        return [step["id"] for step in found["steps"] if step["status"] == "run"]

    return run


@pytest.fixture
def registered(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Give a function that returns what the plugins of a profile register."""

    def run(profile: str, *words: str) -> str:
        (home / ".rastervision" / "default").write_text(profile.format(home=home))
        assert 0 == call(["plugins", "list", "--json", *words])
        found = json.loads(capsys.readouterr().out)
        assert not [p for p in found if p.get("error")], found
        return json.dumps([p for p in found if p["kind"] != "builtin"])

    return run


class TestProfiles:
    """INI files below ~/.rastervision."""

    @pytest.mark.parametrize(
        "files",
        [
            "{home}/first.py,{home}/second.py",
            "{home}/first.py, {home}/second.py",
            '["{home}/first.py", "{home}/second.py"]',
            "['{home}/first.py','{home}/second.py']",
        ],
    )
    def test_lists_of_files(self, registered: Callable[..., str], files: str) -> None:
        """a,b and ["a", "b"]."""
        found = registered(f"[PLUGINS]\nfiles={files}\n")
        assert "SHOUT_FIRST" in found
        assert "SHOUT_SECOND" in found

    @pytest.mark.parametrize("modules", ["first", "['first']", '["first"]'])
    def test_lists_of_one_module(self, registered: Callable[..., str], modules: str) -> None:
        """['a'], and one bare name."""
        assert "SHOUT_FIRST" in registered(f"[PLUGINS]\nmodules={modules}\n")

    @pytest.mark.parametrize("files", ["", "[]"])
    def test_empty_lists(self, registered: Callable[..., str], files: str) -> None:
        """Nothing, and an empty list."""
        assert "[]" == registered(f"[PLUGINS]\nfiles={files}\nmodules=[]\n")

    @pytest.mark.parametrize(
        ("section", "key"),
        [("", "WHISPER_FIRST_4"), ("[MY_SECTION]\nloudness=11\n", "WHISPER_FIRST_12")],
    )
    def test_a_plugin_reads_its_own_section(
        self, registered: Callable[..., str], section: str, key: str
    ) -> None:
        """While it loads, with a default and a parser."""
        assert key in registered("[PLUGINS]\nfiles={home}/first.py\n" + section)

    @pytest.mark.parametrize("imports", ["import helper", "from . import helper"])
    def test_plugin_files_import_siblings(
        self, home: Path, registered: Callable[..., str], imports: str
    ) -> None:
        """Absolutely and relatively."""
        (home / "helper.py").write_text("VALUE = 1\n")
        text = PLUGIN.format(name="THIRD", imports=f"{imports}\nhelper.VALUE")
        (home / "third.py").write_text(text)
        assert "SHOUT_THIRD" in registered("[PLUGINS]\nfiles={home}/third.py\n")

    def test_a_file_registers_several_groups(self, registered: Callable[..., str]) -> None:
        """An evaluator and a command."""
        found = registered("[PLUGINS]\nfiles={home}/first.py\n")
        assert "SHOUT_FIRST" in found
        assert "WHISPER_FIRST" in found

    def test_variables_beat_dotenv_which_beats_the_file(
        self, home: Path, registered: Callable[..., str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """PLUGINS_FILES."""
        profile = "[PLUGINS]\nfiles={home}/first.py\n"
        assert "SHOUT_FIRST" in registered(profile)
        (home / ".env").write_text(f"PLUGINS_FILES={home}/second.py\n")
        assert "SHOUT_SECOND" in registered(profile)
        monkeypatch.setenv("PLUGINS_FILES", f"{home}/first.py")
        assert "SHOUT_FIRST" in registered(profile)

    @pytest.mark.parametrize("way", ["-p", "RV_PROFILE", "RV_CONFIG", "RV_CONFIG_DIR", "here"])
    def test_ways_to_choose_a_profile(
        self,
        home: Path,
        registered: Callable[..., str],
        monkeypatch: pytest.MonkeyPatch,
        way: str,
    ) -> None:
        """-p NAME, RV_PROFILE, RV_CONFIG, RV_CONFIG_DIR, and ./.rastervision as a file."""
        elsewhere = home / "elsewhere"
        elsewhere.mkdir()
        text = f"[PLUGINS]\nfiles={home}/second.py\n"
        for path in (home / ".rastervision" / "team", elsewhere / "default", elsewhere / "file"):
            path.write_text(text)
        if way == "RV_PROFILE":
            monkeypatch.setenv(way, "team")
        elif way == "RV_CONFIG":
            monkeypatch.setenv(way, str(elsewhere / "file"))
        elif way == "RV_CONFIG_DIR":
            monkeypatch.setenv(way, str(elsewhere))
        elif way == "here":
            monkeypatch.chdir(elsewhere)
            (elsewhere / ".rastervision").write_text(text)
        words = ["--profile", "team"] if way == "-p" else []
        assert "SHOUT_SECOND" in registered("[PLUGINS]\nfiles=\n", *words)

    def test_tmpdir(self, home: Path, rv: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Temporary directories are made below TMPDIR."""
        from rastervision.rv_config import RVConfig

        (home / "scratch").mkdir()
        monkeypatch.setenv("TMPDIR", str(home / "scratch"))
        assert str(home / "scratch") == RVConfig.get_tmp_dir_root()


class TestRun:
    """rv run."""

    @pytest.mark.parametrize("words", [("-p",), ("--path",)])
    def test_a_file(self, home: Path, plan: Any, words: tuple[str]) -> None:
        """-p FILE; the methods exp_ alone are taken."""
        found = plan(*words, str(home / "experiments.py"), "train")
        assert ["one/TRAIN", "two-a/TRAIN", "two-b/TRAIN"] == found

    @pytest.mark.parametrize("option", ["-e", "--experiment_module", "--experiment-module"])
    def test_a_module(self, plan: Any, option: str) -> None:
        """-e MODULE."""
        assert 3 == len(plan(option, "experiments", "TRAIN"))

    def test_the_plain_word(self, plan: Any) -> None:
        """Rv run local experiments.py TRAIN EVAL."""
        assert 6 == len(plan("experiments.py", "TRAIN", "EVAL"))

    def test_all_commands_by_default(self, plan: Any) -> None:
        """Analyze to bundle; the order is that of what they read and write."""
        found = plan("-p", "experiments.py", "-f", "one")
        assert "TRAIN PREDICT" in " ".join(name.partition("/")[2] for name in found)
        assert 6 == len(found)

    @pytest.mark.parametrize("option", ["-m", "--method"])
    def test_methods(self, plan: Any, option: str) -> None:
        """A pattern of their names."""
        assert ["two-a/TRAIN", "two-b/TRAIN"] == plan(
            "-p", "experiments.py", "train", option, "*two*"
        )

    @pytest.mark.parametrize("option", ["-f", "--filter"])
    def test_names(self, plan: Any, option: str) -> None:
        """A pattern of the experiments' ids."""
        assert ["two-b/TRAIN"] == plan("-p", "experiments.py", "train", option, "*-b")

    def test_prefix(self, plan: Any) -> None:
        """How the methods begin."""
        assert ["tested/TRAIN"] == plan("-p", "experiments.py", "train", "--prefix", "test_")

    @pytest.mark.parametrize("option", ["-a", "--arg"])
    def test_arguments(self, home: Path, plan: Any, option: str) -> None:
        """-a KEY VALUE, more than once."""
        found = plan("-p", "experiments.py", "train", option, "size", "128", "-f", "one")
        assert ["one/TRAIN"] == found

    def test_arguments_are_words(self, plan: Any) -> None:
        """Annotations of old code convert nothing, which it does itself."""
        words = ["-a", "size", "128", "-a", "ids", "a,b", "--prefix", "words_"]
        assert ["a-b/TRAIN"] == plan("-p", "experiments.py", "train", *words)

    @pytest.mark.parametrize("option", ["-s", "--splits"])
    def test_splits(self, plan: Any, option: str) -> None:
        """Into how many parts the chip command is divided."""
        found = plan("-p", "experiments.py", "chip", "-f", "one", option, "3")
        assert ["one/CHIP/0", "one/CHIP/1", "one/CHIP/2"] == found

    @pytest.mark.parametrize(
        "words",
        [
            ("-n", "-x", "-r", "--tempdir", "scratch"),
            ("--dry-run", "--skip-file-check", "--rerun", "--tempdir", "scratch"),
        ],
    )
    def test_other_options(self, home: Path, words: tuple[str, ...]) -> None:
        """Short and long; -v and the profile come before the command."""
        (home / ".rastervision" / "team").write_text("[RV]\n")
        arguments = ["-p", "experiments.py", "-a", "root", str(home / "root")]
        assert 0 == call(["-p", "team", "-v", "run", "local", *arguments, *words])

    def test_inputs_are_checked(self, home: Path) -> None:
        """Without -x what is missing is told before anything runs."""
        words = ["run", "inprocess", "-p", "experiments.py", "-a", "root", str(home / "root")]
        assert 0 != call([*words, "-n"])


class TestOtherCommands:
    """ls, predict, run_command."""

    @pytest.mark.parametrize("option", ["-e", "--experiment-module"])
    def test_ls(self, home: Path, capsys: pytest.CaptureFixture[str], option: str) -> None:
        """Names the experiments."""
        assert 0 == call(["ls", option, "experiments", "-a", "root", str(home / "root")])
        out = capsys.readouterr().out
        assert all(name in out for name in ("one", "two-a", "two-b"))

    @pytest.mark.parametrize("option", ["-a", "--update-stats"])
    def test_predict(self, home: Path, capsys: pytest.CaptureFixture[str], option: str) -> None:
        """Takes numbers after --channel-order, and the long and the short form of the others."""
        words = ["--channel-order", "2", "1", "0", "--export-config", "config.json"]
        code = call(["predict", option, *words, "no.zip", "image.tif", "labels.json"])
        assert (1, True) == (code, "no.zip" in capsys.readouterr().err)

    def test_run_command(self, home: Path) -> None:
        """run_command URI runs a message."""
        words = ["run", "inprocess", "-p", "experiments.py", "-a", "root", str(home / "root")]
        assert 0 == call([*words, "analyze", "-f", "one", "-x"])
        uri = home / "root" / "analyze" / "one" / "command-config-0.json"
        assert 0 == call(["run_command", str(uri)])
