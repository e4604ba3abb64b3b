"""Whatever mixture of imports a file has, it gives the same things once it is rewritten."""

from __future__ import annotations

import io
import tokenize
from contextlib import nullcontext
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from rvcli.compat import serving
from rvcli.compat.migrate import LEFT_TO_DO, scan

# An import, and what can be written after it.
FORMS: dict[str, tuple[str, ...]] = {
    "import rastervision as rv": (
        *("rv.TaskConfig", "rv.TASK", "rv.core.box.Box", "rv.core.Box", "rv.core.box"),
        *("rv.utils.files.list_paths", "rv.utils.misc", "rv.rv_config.RVConfig", "rv"),
        *("rv.data.RasterioSource", "rv.task.TASK", "rv.runner.CommandDAG", "rv.rv_config"),
        *("rv._registry", "rv._registry.get_config_builder(rv.TASK, 'SEMANTIC_SEGMENTATION')"),
        *("rv.backend.api.TF_DEEPLAB", "rv.Predictor"),
    ),
    "import rastervision": (
        *("rastervision.TaskConfig", "rastervision.core.class_map.ClassMap", "rastervision"),
        *("rastervision.data.label.Labels", "rastervision.core.config.Config"),
    ),
    "import rastervision.core.box, rastervision.utils.misc as misc": (
        *("rastervision.core.box.Box", "rastervision.EVAL", "misc.grouped", "misc"),
    ),
    "import rastervision.runner.command_definition as d": ("d.CommandDefinition", "d"),
    "from rastervision import core, rv_config as c, TRAIN": (
        *("core.box.Box", "core.Box", "c.RVConfig", "c", "TRAIN", "core"),
    ),
    "from rastervision.core import (box,  # it\n    config as cfg)": (
        *("box.Box", "cfg.ConfigBuilder", "cfg"),
    ),
    "from rastervision.data import SceneConfig, RasterioSource as RS": ("SceneConfig", "RS"),
    "from rastervision.evaluation.api import *": ("EVALUATOR", "SEMANTIC_SEGMENTATION_EVALUATOR"),
    "from rastervision.utils.files import *": ("file_to_str", "json_to_file"),
    "from rastervision.command.api import all_commands, CHIP as K": ("all_commands()", "K"),
    "from importlib import import_module": (
        *("import_module('rastervision.core.box')", 'import_module("rastervision.task.api").TASK'),
        *("import_module('rastervision')",),
    ),
}
# Where an import can stand, with the uses of what it brings.
PLACES = (
    "{i}\n{u}\n",
    "if True:\n    {i}\n    {u}\n",
    "def f():\n\t{i}\n\t{u}\n\n\nf()\n",
    "def f():\n    {i}\n    def g():\n        {u}\n    g()\nf()\n",
    "try:\n  {i}\nexcept ImportError:\n  pass\n{u}\n",
    "{i}; {u}  # both\n",
    "class A:\n    {i}\n    {u}\n",
)


@st.composite
def blocks(draw: st.DrawFn) -> str:
    """Draw an import and uses of it, at some place."""
    form = draw(st.sampled_from(sorted(FORMS)))
    used = draw(st.lists(st.sampled_from(FORMS[form]), max_size=4))
    places = [p for p in PLACES if "*" not in form or not p.startswith(("def", "class"))]
    place = draw(st.sampled_from(places))
    return place.format(i=form, u=f"seen.extend([{', '.join(used)}])")


def seen_by(text: str) -> list[Any]:
    """Run code, and return what it has seen."""
    names: dict[str, Any] = {"seen": [], "__name__": "it"}
    exec(compile(text, "it.py", "exec"), names)
    return list(names["seen"])


def names_the_old(text: str) -> bool:
    """Whether code names the old package, other than in comments."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return any("rastervision" in t.string for t in tokens if t.type != tokenize.COMMENT)


@given(st.lists(blocks(), min_size=1, max_size=4).map("".join))
# Without the search for a shorter example, which would take minutes.
@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_the_same_things(text: str) -> None:
    """The rewritten code sees the very objects, names nothing old unsaid, and stays as it is."""
    with serving():
        before = seen_by(text)
    found = scan(text)
    with serving() if found.left_to_do else nullcontext():
        after = seen_by(found.text)
    assert before == after
    assert not names_the_old(found.text) or found.left_to_do
    again = scan(found.text)
    assert (found.text, []) == (again.text, again.rewritten)
    assert {one.kind for one in again.findings} <= {*LEFT_TO_DO}
