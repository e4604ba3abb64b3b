"""Components by group and key."""

from __future__ import annotations

import threading
from contextvars import copy_context

import pytest

from rvcli import keys, registry
from rvcli.errors import MissingDependencyError, RegistryError
from rvcli.registry import Origin, Registrar, Registry


def test_a_component_is_found_under_its_group_and_key() -> None:
    """What is added is what is returned."""
    own = Registry()
    own.add(keys.TASK, "X", int)
    assert int is own.get(keys.TASK, "X")


def test_a_lazy_component_is_imported_on_first_use() -> None:
    """A string stands for the attribute of a module."""
    own = Registry()
    own.add(keys.TASK, "X", "collections:OrderedDict")
    from collections import OrderedDict

    assert OrderedDict is own.get(keys.TASK, "X")


def test_a_missing_package_names_the_extra() -> None:
    """The hint of a component whose package is absent says what to install."""
    own = Registry()
    own.add(keys.BACKEND, "X", "not_a_package_at_all:Y", extra="torch")
    with pytest.raises(MissingDependencyError, match="not_a_package_at_all") as caught:
        own.get(keys.BACKEND, "X")
    assert "pip install 'rvcli[torch]'" == caught.value.hint


def test_a_missing_module_without_extra_is_an_import_error() -> None:
    """Nothing is hidden where no extra would help."""
    own = Registry()
    own.add(keys.BACKEND, "X", "not_a_package_at_all:Y")
    with pytest.raises(ModuleNotFoundError):
        own.get(keys.BACKEND, "X")


def test_an_unknown_key_names_the_nearest_and_the_plugins() -> None:
    """The hint helps with a typing error and says which plugins are loaded."""
    own = Registry()
    own.add(keys.TASK, "SEGMENTATION", int, origin=Origin("file", "/x/mine.py"))
    with pytest.raises(RegistryError, match="no TASK named 'SEGMENTATON'") as caught:
        own.get(keys.TASK, "SEGMENTATON")
    assert "did you mean 'SEGMENTATION'?; loaded plugins: /x/mine.py" == caught.value.hint


def test_an_unknown_key_lists_at_most_ten() -> None:
    """A long list is cut."""
    own = Registry()
    for i in range(12):
        own.add(keys.TASK, f"K{i:02}", int)
    with pytest.raises(RegistryError) as caught:
        own.get(keys.TASK, "unlike")
    assert "K09 and 2 more" in (caught.value.hint or "")


def test_an_empty_group_says_so() -> None:
    """The hint does not offer what is not there."""
    with pytest.raises(RegistryError) as caught:
        Registry().get(keys.TASK, "X")
    assert "no TASK is registered; loaded plugins: none" == caught.value.hint


def test_a_duplicate_names_both_origins() -> None:
    """Two plugins with one key are told apart."""
    own = Registry()
    own.add(keys.TASK, "X", int, origin=Origin("file", "/a.py"))
    with pytest.raises(RegistryError, match=r"by /a\.py and by /b\.py"):
        own.add(keys.TASK, "X", str, origin=Origin("file", "/b.py"))


@pytest.mark.parametrize("key", ["", None, 3])
def test_a_key_is_a_non_empty_string(key: object) -> None:
    """Other keys are refused."""
    with pytest.raises(RegistryError):
        Registry().add(keys.TASK, key, int)  # type: ignore[arg-type]


def test_a_child_sees_its_parent_and_not_the_other_way_round() -> None:
    """Isolation is one-way."""
    parent = Registry()
    parent.add(keys.TASK, "P", int)
    child = Registry(parent)
    child.add(keys.TASK, "C", str)
    assert (["C", "P"], ["P"]) == (child.keys(keys.TASK), parent.keys(keys.TASK))


def test_the_latest_entry_comes_first() -> None:
    """Plugins are asked before built-ins, and later ones before earlier ones."""
    parent = Registry()
    parent.add(keys.FILESYSTEM, "a", int)
    child = Registry(parent)
    child.add(keys.FILESYSTEM, "b", int)
    child.add(keys.FILESYSTEM, "c", int)
    assert ["c", "b", "a"] == [e.key for e in child.entries(keys.FILESYSTEM)]


def test_lookups_are_recorded_but_not_searches() -> None:
    """What a command uses is what was looked up while recording."""
    own = Registry()
    own.add(keys.TASK, "X", int)
    own.add(keys.TASK, "Y", int)
    with registry.recording() as outer, registry.recording() as inner:
        own.get(keys.TASK, "X")
        own.find(keys.TASK, "Y")
    assert ({"X"}, {"X"}) == ({e.key for e in outer}, {e.key for e in inner})


def test_use_is_undone_afterwards_and_follows_the_context() -> None:
    """A registry is in force in its context alone."""
    own = Registry(registry.default())
    with registry.use(own):
        assert own is registry.current()
        context = copy_context()
        seen: list[Registry] = []
        thread = threading.Thread(target=lambda: seen.append(context.run(registry.current)))
        thread.start()
        thread.join()
        assert [own] == seen
    assert own is not registry.current()


def test_every_builtin_resolves() -> None:
    """No string in the table of built-ins is wrong."""
    for entry in registry.default().entries():
        assert callable(entry.load()), entry


class TestRegistrar:
    """What a plugin can register."""

    def test_every_way_to_register_ends_in_its_group(self) -> None:
        """Each method fills one group."""
        own = Registry()
        registrar = Registrar(own, Origin("file", "/p.py"))
        registrar.register_config_builder(keys.EVALUATOR, "E", int)
        registrar.register_command_config_builder("C", int)
        registrar.register_aux_command("A", int)
        registrar.register_default_raster_source(int)
        registrar.register_default_vector_source(int)
        registrar.register_default_label_source(int)
        registrar.register_default_label_store(int)
        registrar.register_default_evaluator(int)
        registrar.register_experiment_runner("R", int)
        registrar.register_filesystem(0)
        expected = {
            keys.EVALUATOR,
            keys.COMMAND,
            keys.AUX_COMMAND,
            keys.DEFAULT_RASTER_SOURCE,
            keys.DEFAULT_VECTOR_SOURCE,
            keys.DEFAULT_LABEL_SOURCE,
            keys.DEFAULT_LABEL_STORE,
            keys.DEFAULT_EVALUATOR,
            keys.EXPERIMENT_RUNNER,
            keys.FILESYSTEM,
        }
        assert expected == {e.group for e in own.entries()}

    def test_a_group_that_holds_no_configs_is_refused(self) -> None:
        """The hint lists the groups that do."""
        with pytest.raises(RegistryError, match="'NOPE' is no group") as caught:
            Registrar(Registry()).register_config_builder("NOPE", "X", int)
        assert "EVALUATOR" in (caught.value.hint or "")

    def test_a_config_without_key_is_refused(self) -> None:
        """A declared config says itself what it is."""
        with pytest.raises(RegistryError, match="its key is None"):
            Registrar(Registry()).register_config(int)
