"""What has a newer form that a person writes: backends of TensorFlow, old options, classes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import libcst as cst

from rvcli import keys
from rvcli.compat.migrate.code import Code
from rvcli.compat.migrate.findings import MANUAL, NOTE
from rvcli.compat.migrate.old_keys import builder_of

_BACKENDS = {
    keys.TF_DEEPLAB: keys.PYTORCH_SEMANTIC_SEGMENTATION,
    keys.TF_OBJECT_DETECTION: keys.PYTORCH_OBJECT_DETECTION,
}
# What their builders have, and what says the same today.
_OPTIONS = {
    "with_model_defaults": "with_train_options(model_arch=...)",
    "with_template": "with_train_options(...), an option each",
    "with_config": "with_train_options(...), an option each",
    "with_batch_size": "with_train_options(batch_size=...)",
    "with_num_steps": "with_train_options(num_epochs=...): steps * batch size / chips",
    "with_num_epochs": "with_train_options(num_epochs=...)",
    "with_pretrained_model": "with_pretrained_uri(...), a model of the new backend",
    "with_debug": "with_train_options(debug=...)",
    "with_train_options": "with_train_options(...), of which sync_interval is left",
    "with_fine_tune_checkpoint_name": "nothing",
    "with_script_locations": "nothing",
    "with_num_clones": "nothing",
    "with_training_data_uri": "the key of the chips, with_chip_key",
    "with_training_output_uri": "the key of the training, with_train_key",
}
# Methods of the Keras backend that took what Keras no longer reads.
_OF_OLD_KERAS = {"with_template", "with_config"}
_BUFFERS = (
    "with_buffers(line_bufs={class id: half width}) of the vector source, which can differ by class"
)


def advise(code: Code) -> None:
    """Note what a person may want to write anew."""
    _advise_on_backends(code)
    _advise_on_buffers(code)
    _advise_on_classes(code)


def _advise_on_backends(code: Code) -> None:
    for node in code.chains():
        path = code.path(node)
        if path:
            _say_of_backend(code, node, path[-1])
    for text in code.of_type(cst.SimpleString):
        if builder_of(code, text) == "BackendConfig":
            _say_of_backend(code, text, str(text.evaluated_value))


def _say_of_backend(code: Code, node: cst.CSTNode, key: str) -> None:
    methods = dict.fromkeys(_methods_after(code, node))
    if key == keys.KERAS_CLASSIFICATION:
        given = [name for name in methods if name in _OF_OLD_KERAS]
        if given:
            why = f"it runs; of {' and '.join(given)} counts what Keras reads today"
            code.say(node, MANUAL, "", f"rv.{key}", why)
    elif key in _BACKENDS:
        why = "it runs translated, trained anew"
        said = [f"{name} -> {_OPTIONS[name]}" for name in methods if name in _OPTIONS]
        if said:
            why += f"; by hand: {'; '.join(said)}"
        code.say(node, MANUAL, "", f"rv.{_BACKENDS[key]}", why)


def _methods_after(code: Code, node: cst.CSTNode) -> Iterator[str]:
    """Yield the methods that are called on what `builder(node)` returns, in one expression."""
    above = list(itertools.islice(code.ancestors(node), 1, None))
    for before, after in itertools.pairwise(above):
        if isinstance(after, cst.Attribute) and after.value is before:
            yield after.attr.value
        elif not (isinstance(after, cst.Call) and after.func is before):
            return


def _advise_on_buffers(code: Code) -> None:
    for call in code.of_type(cst.Call):
        if isinstance(call.func, cst.Attribute):
            name = call.func.attr.value
            given = [a for a in call.args if a.keyword and a.keyword.value == "line_buffer"]
            if name == "with_rasterizer_options" and given:
                code.say(given[0], MANUAL, "", "", _BUFFERS)


# Classes of plugins.


def _advise_on_classes(code: Code) -> None:
    for node in code.of_type(cst.ClassDef):
        paths = [code.path(base.value) for base in node.bases]
        families = [p[-1] for p in paths if p and p[-1].endswith("Config")]
        if not families:
            continue
        methods = {
            item.name.value: item for item in node.body.body if isinstance(item, cst.FunctionDef)
        }
        if "to_proto" not in methods and "from_proto" not in methods:
            continue
        said = ["works as it is; a declared config is shorter: docs/how-to/plugins.md"]
        update = methods.get("update_for_command")
        if update is not None and _returns_pairs(update):
            said.append("update_for_command changes the config in place and returns nothing now")
        if "report_io" not in methods:
            said.append("report_io says what the config reads and writes")
        code.say(node.name, NOTE, f"class {node.name.value}({families[0]})", "", "; ".join(said))


def _returns_pairs(function: cst.FunctionDef) -> bool:
    found: list[cst.CSTNode] = [function.body]
    while found:
        node = found.pop()
        if isinstance(node, cst.Return) and isinstance(node.value, cst.Tuple):
            return True
        if not isinstance(node, (cst.FunctionDef, cst.Lambda)):
            found.extend(node.children)
    return False
