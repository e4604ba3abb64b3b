"""ActivateMixin: parts that hold something open while they are in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

from rvcli.errors import RvError


class ActivationError(RvError, RuntimeError):
    """Something is used while it is not active, or activated twice."""


class ActivateMixin:
    """Something that is opened before use and closed after it: `with part.activate(): ...`.

    A subclass defines `_activate` and `_deactivate`, and `_subcomponents_to_activate` when
    it is made of parts that are opened and closed with it. Parts are opened in their order,
    before the whole, and closed in reverse, also when an error ends the use.
    """

    def activate(self) -> AbstractContextManager[Any]:
        """Return a context in which this object is open; entering it gives the object.

        Raises:
            ActivationError: at once or on entering, if the object is active already.
        """
        self._refuse_twice()
        return self._activation()

    @property
    def is_active(self) -> bool:
        """Whether the object is open."""
        return bool(getattr(self, "_mixin_activated", False))

    @contextmanager
    def _activation(self) -> Iterator[ActivateMixin]:
        self._refuse_twice()
        with ExitStack() as parts:
            for part in self._subcomponents_to_activate():
                parts.enter_context(ActivateMixin.with_activation(part))
            self._activate()
            self._mixin_activated = True
            try:
                yield self
            finally:
                self._mixin_activated = False
                self._deactivate()

    def _refuse_twice(self) -> None:
        if self.is_active:
            raise ActivationError(
                f"this {type(self).__name__} is active already",
                hint="leave the first `with ...activate()` before entering another",
            )

    def _activate(self) -> None:
        """Open what this object holds."""
        raise NotImplementedError

    def _deactivate(self) -> None:
        """Close what `_activate` opened."""
        raise NotImplementedError

    def _subcomponents_to_activate(self) -> Iterable[Any]:
        """List the parts to open and close with this object; None and plain objects are allowed."""
        return []

    @staticmethod
    def with_activation(obj: Any) -> AbstractContextManager[Any]:
        """Return a context in which `obj` is open.

        What needs no activation (None, an object without `activate`) and what is active
        already is left as it is.
        """
        if not hasattr(obj, "activate") or getattr(obj, "is_active", False):
            return nullcontext(obj)
        activation: AbstractContextManager[Any] = obj.activate()
        return activation

    @staticmethod
    def compose(*objs: Any) -> AbstractContextManager[Any]:
        """Return a context in which all of `objs` are open, opened in order, closed in reverse."""
        return _all_active(objs)


@contextmanager
def _all_active(objs: Iterable[Any]) -> Iterator[None]:
    with ExitStack() as stack:
        for obj in objs:
            stack.enter_context(ActivateMixin.with_activation(obj))
        yield
