"""What is found in code, and what it is rewritten to."""

from __future__ import annotations

import pytest

from rvcli.compat.migrate import ABSENT, DEPRECATED, MANUAL, NOTE, RENAME, scan
from rvcli.errors import ExperimentError


def rewritten(text: str) -> str:
    """Return the text after all edits, which changes no more then."""
    found = scan(text)
    again = scan(found.text)
    assert (found.text, []) == (again.text, again.rewritten)
    return found.text


def kinds(text: str) -> list[str]:
    """Return the kinds of all findings."""
    return [finding.kind for finding in scan(text).findings]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import rastervision as rv", "import rvcli as rv"),
        ("import os, rastervision as rv, sys", "import os, rvcli as rv, sys"),
        ("import rastervision", "import rvcli"),
        ("import rastervision.core.box", "import rvcli.core.box"),
        ("import rastervision.rv_config as c", "import rvcli.profile.rv_config as c"),
        ("import rastervision.task.api as a", "import rvcli.keys as a"),
        ("from rastervision import TaskConfig", "from rvcli import TaskConfig"),
        ("from rastervision import rv_config", "from rvcli.profile import rv_config"),
        (
            "from rastervision.runner import command_definition",
            "from rvcli.dag import definition as command_definition",
        ),
        ("from rastervision.core.box import Box as B", "from rvcli.core.box import Box as B"),
        ("from rastervision.data import Scene", "from rvcli.data import Scene"),
        (
            "from rastervision.data import RasterioSource",
            "from rvcli.data.raster_source.rasterio_source import RasterioSource",
        ),
        ("from rastervision.utils.files import *", "from rvcli.utils.files import *"),
        ("from rastervision.task.api import *\nTASK", "from rvcli.keys import TASK\nTASK"),
        (
            "from rastervision import *\nBox, TASK, RasterioSource",
            "from rvcli import Box, TASK\n"
            "from rvcli.data.raster_source.rasterio_source import RasterioSource\n"
            "Box, TASK, RasterioSource",
        ),
        (
            "try:\n    import rastervision as rv\nexcept ImportError:\n    rv = None\nrv.TASK",
            "try:\n    import rvcli as rv\nexcept ImportError:\n    rv = None\nrv.TASK",
        ),
        ("if x:\n\timport rastervision", "if x:\n\timport rvcli"),
        ("from rastervision.core import (box, Box,)", "from rvcli.core import (box, Box,)"),
        ("from . import rastervision", "from . import rastervision"),
        ("from .rastervision import x", "from .rastervision import x"),
        ("import rastervision_plugin", "import rastervision_plugin"),
    ],
)  # fmt: skip
def test_imports(old: str, new: str) -> None:
    """Each form of an import names the module and the name of today."""
    assert new == rewritten(old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "from rastervision.core.config import Config, ConfigError  # both",
            "from rvcli.errors import ConfigError\nfrom rvcli.config import Config  # both",
        ),
        (
            "from rastervision.core.config import ConfigError, Config, ConfigBuilder",
            "from rvcli.errors import ConfigError\nfrom rvcli.config import Config, ConfigBuilder",
        ),
        (
            "from rastervision.core.config import (Config, ConfigError)",
            "from rvcli.errors import ConfigError\nfrom rvcli.config import (Config)",
        ),
        (
            "from rastervision.core.config import (\n    Config,  # one\n"
            "    ConfigError,  # two\n)",
            "from rvcli.errors import ConfigError  # two\n"
            "from rvcli.config import (\n    Config,  # one\n)",
        ),
        (
            "if x:\n  from rastervision.core.config import (ConfigError,\n"
            "    Config, ConfigBuilder)",
            "if x:\n  from rvcli.errors import ConfigError\n"
            "  from rvcli.config import (\n    Config, ConfigBuilder)",
        ),
        (
            "if x: from rastervision.core.config import Config as C, ConfigError as E; y = 1",
            "if x: from rvcli.errors import ConfigError as E; from rvcli.config import Config as C;"
            " y = 1",
        ),
    ],
)  # fmt: skip
def test_names_that_moved_apart(old: str, new: str) -> None:
    """Names of one old module that are in several now are imported from each, with comments."""
    assert new == rewritten(old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "import rastervision\nrastervision.TaskConfig.builder(rastervision.TASK)",
            "import rvcli\nrvcli.TaskConfig.builder(rvcli.TASK)",
        ),
        (
            "import rastervision as rv\nrv.rv_config.RVConfig.get_tmp_dir()",
            "import rvcli as rv\nrv.RVConfig.get_tmp_dir()",
        ),
        (
            "import rastervision as rv\nrv.core.box.Box, rv.core.Box, rv.backend.Backend",
            "import rvcli as rv\nrv.core.box.Box, rv.core.Box, rv.backend.Backend",
        ),
        (
            "import rastervision as rv\nrv.task.SEMANTIC_SEGMENTATION",
            "import rvcli as rv\nrv.SEMANTIC_SEGMENTATION",
        ),
        (
            "import rastervision as rv\nrv.utils.files.list_paths(a)\nrv.utils.files.zipdir(a, b)",
            "import rvcli.utils.files\nimport rvcli as rv\n"
            "rvcli.utils.files.list_paths(a)\nrvcli.utils.files.zipdir(a, b)",
        ),
        (
            "import rastervision.utils.files\nrastervision.utils.files.zipdir(a, b)",
            "import rvcli.utils.files\nrvcli.utils.files.zipdir(a, b)",
        ),
        (
            "from rastervision import data\ndata.RasterioSource\ndata.SceneConfig",
            "import rvcli.data.raster_source.rasterio_source\nfrom rvcli import data\n"
            "rvcli.data.raster_source.rasterio_source.RasterioSource\ndata.SceneConfig",
        ),
        (
            "import rastervision.runner.command_definition as d\nd.CommandDefinition",
            "import rvcli.dag.definition as d\nd.CommandDefinition",
        ),
        (
            "import rastervision as rv\nrv._registry.get_config_builder(rv.TASK, 'X')",
            "import rvcli as rv\nrv.registry.current().get_config_builder(rv.TASK, 'X')",
        ),
        (
            "from rastervision import rv_config as c, keys\nc.__file__, keys.__dict__",
            "from rvcli import keys\nfrom rvcli.profile import rv_config as c\n"
            "c.__file__, keys.__dict__",
        ),
        (
            "import rvcli\nfrom rvcli.compat import serving\nrvcli.core.box.__doc__, serving",
            "import rvcli\nfrom rvcli.compat import serving\nrvcli.core.box.__doc__, serving",
        ),
        (
            "def f():\n    global rastervision\n    import rastervision\n    del rastervision",
            "def f():\n    global rvcli\n    import rvcli\n    del rvcli",
        ),
        (
            "import rastervision\nrvcli = 1\nrastervision.TASK",
            "import rvcli as rastervision\nrvcli = 1\nrastervision.TASK",
        ),
    ],
)
def test_uses(old: str, new: str) -> None:
    """What follows an imported name is reached by names of today."""
    assert new == rewritten(old)


@pytest.mark.parametrize(
    "text",
    [
        "def f(rv):\n    return rv.GEOTIFF_SOURCE, rv.nothing",
        "f = lambda rv: rv.GEOTIFF_SOURCE",
        "[rv.GEOTIFF_SOURCE for rv in x]",
        "def f():\n    rv = 1\n    return rv.GEOTIFF_SOURCE",
        "class A:\n    rv = 1\n    b = rv.GEOTIFF_SOURCE",
        "x.rv.GEOTIFF_SOURCE",
        "f(rv=1)",
    ],
)
def test_names_of_the_file_itself(text: str) -> None:
    """A name that stands for something of the file's own is left alone."""
    assert f"import rvcli as rv\n{text}" == rewritten(f"import rastervision as rv\n{text}")
    assert [RENAME] == kinds(f"import rastervision as rv\n{text}")


BUILDERS = "import rastervision as rv\nrv.{}.builder({})"


@pytest.mark.parametrize(
    ("config", "old", "new"),
    [
        ("RasterSourceConfig", "rv.GEOTIFF_SOURCE", "rv.RASTERIO_SOURCE"),
        ("RasterSourceConfig", "rv.IMAGE_SOURCE", "rv.RASTERIO_SOURCE"),
        ("RasterSourceConfig", "rv.GEOJSON_SOURCE", "rv.RASTERIZED_SOURCE"),
        ("RasterSourceConfig", "'GEOJSON_SOURCE'", "'RASTERIZED_SOURCE'"),
        ("RasterSourceConfig", "source_type='GEOTIFF_SOURCE'", "source_type='RASTERIO_SOURCE'"),
        ("data.RasterSourceConfig", 'r"IMAGE_SOURCE"', 'r"RASTERIO_SOURCE"'),
        ("VectorSourceConfig", "rv.GEOJSON_SOURCE", "rv.GEOJSON_SOURCE"),
        ("LabelSourceConfig", "rv.OBJECT_DETECTION_GEOJSON", "rv.OBJECT_DETECTION"),
        ("LabelSourceConfig", "rv.CHIP_CLASSIFICATION_GEOJSON", "rv.CHIP_CLASSIFICATION"),
        ("LabelSourceConfig", "rv.SEMANTIC_SEGMENTATION_RASTER", "rv.SEMANTIC_SEGMENTATION"),
        ("LabelStoreConfig", "rv.SEMANTIC_SEGMENTATION_RASTER", "rv.SEMANTIC_SEGMENTATION_RASTER"),
        ("LabelStoreConfig", "'OBJECT_DETECTION_GEOJSON'", "'OBJECT_DETECTION_GEOJSON'"),
    ],
)
def test_keys(config: str, old: str, new: str) -> None:
    """Old keys become those of today, where they mean the same."""
    text = BUILDERS.format(config, old)
    assert BUILDERS.format(config, new).replace("rastervision", "rvcli") == rewritten(text)
    assert ([RENAME] if old == new else [RENAME, DEPRECATED]) == kinds(text)


@pytest.mark.parametrize(
    ("imported", "used", "new"),
    [
        (
            "from rastervision.data.raster_source.api import GEOTIFF_SOURCE",
            "GEOTIFF_SOURCE",
            "from rvcli.keys import RASTERIO_SOURCE\nRASTERIO_SOURCE",
        ),
        (
            "from rastervision.data.raster_source.api import *",
            "GEOTIFF_SOURCE",
            "from rvcli.keys import RASTERIO_SOURCE\nRASTERIO_SOURCE",
        ),
        (
            "from rastervision import LabelSourceConfig as L, CHIP_CLASSIFICATION_GEOJSON as K",
            "L.builder(K)",
            "from rvcli.keys import CHIP_CLASSIFICATION\nfrom rvcli import LabelSourceConfig as L\n"
            "L.builder(CHIP_CLASSIFICATION)",
        ),
        (
            "from rastervision import LabelSourceConfig as L, CHIP_CLASSIFICATION_GEOJSON as K",
            "L.builder(K), K",
            "from rvcli.keys import CHIP_CLASSIFICATION\n"
            "from rvcli import LabelSourceConfig as L, CHIP_CLASSIFICATION_GEOJSON as K\n"
            "L.builder(CHIP_CLASSIFICATION), K",
        ),
    ],
)
def test_keys_that_are_imported(imported: str, used: str, new: str) -> None:
    """A new key is imported where the old one was, which goes if nothing uses it any more."""
    assert new == rewritten(f"{imported}\n{used}")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("patch('rastervision.utils.files.zipdir')", "patch('rvcli.utils.files.zipdir')"),
        ("patch('rastervision.rv_config.RVConfig')", "patch('rvcli.profile.rv_config.RVConfig')"),
        ("patch('rastervision.core.config.Config.f')", "patch('rvcli.config.Config.f')"),
        ("import_module('rastervision')", "import_module('rvcli')"),
        ('getLogger("rastervision.x.y")', 'getLogger("rvcli.x.y")'),
        ("sys.modules['rastervision']", "sys.modules['rvcli']"),
        ("x: 'rastervision.core.box.Box' = 1", "x: 'rvcli.core.box.Box' = 1"),
        ("modules = ['rastervision.core.box']", "modules = ['rvcli.core.box']"),
        ("f'{x} at /data/rastervision'", "f'{x} at /data/rastervision'"),
        ("'s3://bucket/rastervision/out'", "'s3://bucket/rastervision/out'"),
        ("'rastervision.log'", "'rastervision.log'"),
    ],
)  # fmt: skip
def test_text(old: str, new: str) -> None:
    """Text that is the path of a module, or of something in one, names that of today."""
    assert f"{new}\n" == rewritten(f"{old}\n")


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("x = 'rastervision run local -e a'", MANUAL, "`rv`"),
        ("check_call(['rastervision', 'ls'])", MANUAL, "`rv`"),
        ("setup(requires=['rastervision==0.10.0'])", MANUAL, "depend on"),
        ("import_module('rastervision.' + x)", MANUAL, "put together"),
        ("import_module(f'rastervision.{x}')", MANUAL, "put together"),
        ("import_module('rastervision' '.x')", MANUAL, "put together"),
        ("import_module('\\x72astervision')", None, ""),
        ("open('~/.rastervision/default')", NOTE, "as they are"),
        ("patch('rastervision.no.such.thing')", ABSENT, "has no"),
        ("patch('rastervision._registry')", MANUAL, "rv runs a command"),
        ("import rastervision as rv\nrv.NoSuch", ABSENT, "rvcli has no NoSuch"),
        ("import rastervision.backend.tf_deeplab", ABSENT, "TensorFlow"),
        ("from rastervision.backend.keras_classification import X", ABSENT, "has no X"),
        ("from rastervision.plugin import PluginRegistry", MANUAL, "Registrar"),
        ("from rastervision import _registry", MANUAL, "rv runs a command"),
        ("from rastervision.core import *", MANUAL, "nothing of it is used"),
        ("x.with_rasterizer_options(1, line_buffer=2); rastervision", MANUAL, "with_buffers"),
        ("try:\n import rvcli as r\nexcept E:\n import rastervision as r", MANUAL, "keep the"),
    ],
)  # fmt: skip
def test_what_is_left_to_do(text: str, kind: str | None, said: str) -> None:
    """What cannot be rewritten is named, and says what to do."""
    found = [finding for finding in scan(text).findings if finding.kind != RENAME]
    assert ([] if kind is None else [kind]) == [finding.kind for finding in found]
    assert all(said in finding.why for finding in found)


@pytest.mark.parametrize(
    "text",
    [
        "from rastervision.backend.tf_deeplab import Foo",
        "from rastervision.plugin import PluginRegistry",
        "import rastervision as rv\nrv.cli.main.run('x')",
        "from rastervision import cli\ncli.main.run('x')\ncli.main.main()",
        "try:\n import rvcli as r\nexcept E:\n import rastervision as r\nr.task.TASK",
    ],
)
def test_what_stays_old(text: str) -> None:
    """Where all that is imported is what old code alone has, the import stays as it is."""
    assert text == rewritten(text)


def test_old_and_new_in_one_file() -> None:
    """What old code alone has keeps an import of its own; all else is rewritten."""
    text = "import rastervision as rv\nrv.cli.main.run(rv.TASK)\nrv._registry.of_old()\n"
    assert (
        "import rastervision\nimport rvcli as rv\nrastervision.cli.main.run(rv.TASK)\n"
        "rastervision._registry.of_old()\n"
    ) == rewritten(text)


def test_backends_of_tensorflow() -> None:
    """The finding names the backend of today, and what says the same as each method."""
    text = (
        "import rastervision as rv\n"
        "b = rv.BackendConfig.builder(rv.TF_DEEPLAB).with_task(t) \\\n"
        "    .with_model_defaults(rv.MOBILENET_V2).with_num_steps(9).build()\n"
        "c = rv.BackendConfig.builder('TF_OBJECT_DETECTION').with_template(x).build()\n"
    )
    first, second = (f for f in scan(text).findings if f.kind == MANUAL)
    assert ("rv.TF_DEEPLAB", "rv.PYTORCH_SEMANTIC_SEGMENTATION") == (first.old, first.new)
    assert "with_model_defaults -> with_train_options(model_arch=...)" in first.why
    assert "with_num_steps -> with_train_options(num_epochs=...)" in first.why
    assert "with_task" not in first.why
    assert "rv.PYTORCH_OBJECT_DETECTION" == second.new


def test_old_options_of_keras() -> None:
    """The Keras backend is one of today; it is named only where it gets what it cannot read."""
    text = "import rvcli as rv\nrv.BackendConfig.builder(rv.KERAS_CLASSIFICATION).{}(x).build()\n"
    (found,) = scan(text.format("with_template")).findings
    assert (MANUAL, "rv.KERAS_CLASSIFICATION") == (found.kind, found.new)
    assert "it runs; of with_template counts what Keras reads today" == found.why
    assert () == scan(text.format("with_model_defaults")).findings


PLUGIN = """
from rastervision.evaluation import EvaluatorConfig, EvaluatorConfigBuilder

class MyConfig(EvaluatorConfig):
    def to_proto(self): ...
    def update_for_command(self, command_type, experiment_config, context=None):
        return self, io_def

class MyConfigBuilder(EvaluatorConfigBuilder):
    def from_proto(self, msg): ...

class Declared(EvaluatorConfig):
    noise: str
"""


def test_classic_classes_are_noted_once() -> None:
    """A config that is written by hand has one note, its builder none."""
    (note,) = (finding for finding in scan(PLUGIN).findings if finding.kind == NOTE)
    assert (4, 7, "class MyConfig(EvaluatorConfig)") == (note.line, note.column, note.old)
    assert "docs/how-to/plugins.md" in note.why
    assert "report_io" in note.why
    assert "returns nothing now" in note.why
    assert [] == scan(PLUGIN).left_to_do


def test_places_and_order() -> None:
    """Findings are in the order of the file, with lines and columns from 1."""
    text = '"""ä"""\nimport rastervision as rv\n\nx = [\n    rv.GEOTIFF_SOURCE,\n]\n'
    places = [(f.line, f.column, f.old) for f in scan(text).findings]
    assert [(2, 1, "import rastervision as rv"), (5, 5, "rv.GEOTIFF_SOURCE")] == places


def test_comments_and_docstrings_are_left() -> None:
    """What is said about the old package is not code."""
    text = (
        '"""Of rastervision."""\n# import rastervision\n\ndef f():\n    "rastervision.core.box"\n'
    )
    assert (text, ()) == (scan(text).text, scan(text).findings)


def test_code_that_does_not_parse() -> None:
    """The line is named."""
    with pytest.raises(ExperimentError, match="line 2: "):
        scan("import rastervision\nprint 'x'\n")


def test_code_that_has_nothing_to_do_with_it_is_not_parsed() -> None:
    """A file that names neither package is left alone, whatever it is."""
    assert () == scan("print 'x'\n").findings


def test_a_line_of_names_that_all_move_is_left_out() -> None:
    """No line of blanks stays where several names stood."""
    text = (
        "from rastervision.data import (\n"
        "    Scene,\n"
        "    ObjectDetectionGeoJSONStore, GeoJSONVectorSource,\n"
        "    SceneConfig)\n"
    )
    assert "from rvcli.data import (\n    Scene,\n    SceneConfig)\n" in rewritten(text)
