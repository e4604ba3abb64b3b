"""ActivateMixin: parts open in order, close in reverse, whatever happens."""

from __future__ import annotations

from typing import Any

import pytest

from rvcli.data.activate_mixin import ActivateMixin, ActivationError


class Part(ActivateMixin):
    """Writes down when it is opened and closed."""

    def __init__(self, name: str, log: list[str], parts: Any = (), fails: bool = False) -> None:
        self.name, self.log, self.parts, self.fails = name, log, list(parts), fails

    def _activate(self) -> None:
        if self.fails:
            raise RuntimeError(f"{self.name} does not open")
        self.log.append(f"+{self.name}")

    def _deactivate(self) -> None:
        self.log.append(f"-{self.name}")

    def _subcomponents_to_activate(self) -> Any:
        return self.parts


class Classic(ActivateMixin):
    """Defines only what it needs."""

    def _activate(self) -> None:
        self.opened = True

    def _deactivate(self) -> None:
        self.opened = False


def test_opens_and_closes() -> None:
    """An object is open inside the context, and closed after it."""
    part = Classic()
    assert not part.is_active
    with part.activate() as active:
        assert part is active
        assert (True, True) == (part.opened, part.is_active)
    assert (False, False) == (part.opened, part.is_active)


def test_parts_open_before_the_whole_and_close_after_it() -> None:
    """Parts are opened in order before the whole, and closed in reverse after it."""
    log: list[str] = []
    whole = Part("whole", log, [Part("a", log), None, object(), Part("b", log)])
    with whole.activate():
        pass
    assert ["+a", "+b", "+whole", "-whole", "-b", "-a"] == log


def test_closes_after_an_error_inside() -> None:
    """An error inside the context closes all, and goes on."""
    log: list[str] = []
    part = Part("whole", log, [Part("a", log)])
    with pytest.raises(KeyError), part.activate():
        raise KeyError
    assert ["+a", "+whole", "-whole", "-a"] == log
    assert not part.is_active


def test_closes_what_is_open_when_a_part_fails_to_open() -> None:
    """When a part does not open, those before it are closed."""
    log: list[str] = []
    whole = Part("whole", log, [Part("a", log), Part("b", log, fails=True)])
    with pytest.raises(RuntimeError, match="b does not open"), whole.activate():
        pass
    assert ["+a", "-a"] == log


def test_activating_twice_is_refused() -> None:
    """What is active cannot be activated again."""
    part = Part("a", [])
    with part.activate(), pytest.raises(ActivationError, match="this Part is active already"):
        part.activate().__enter__()


def test_part_that_is_active_already_is_left_alone() -> None:
    """A part that is active already is neither opened nor closed with the whole."""
    log: list[str] = []
    part = Part("a", log)
    with part.activate():
        with Part("whole", log, [part, part]).activate():
            pass
        assert part.is_active
    assert ["+a", "+whole", "-whole", "-a"] == log


def test_with_activation_takes_anything() -> None:
    """What needs no activation passes through."""
    for plain in (None, "text"):
        with ActivateMixin.with_activation(plain) as same:
            assert plain is same


def test_composes_several() -> None:
    """Several objects are opened in order and closed in reverse."""
    log: list[str] = []
    with ActivateMixin.compose(Part("a", log), None, Part("b", log)):
        log.append("use")
    assert ["+a", "+b", "use", "-b", "-a"] == log


def test_subclass_must_say_how() -> None:
    """A subclass that defines neither opening nor closing says so."""
    with pytest.raises(NotImplementedError):
        ActivateMixin()._activate()
    with pytest.raises(NotImplementedError):
        ActivateMixin()._deactivate()
