"""An option that takes all words up to the next option."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click


class OptionEatAll(click.Option):
    """Its value is a tuple of the words that follow it, each of the option's type."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.pop("nargs", None)
        self.stops_at_options = kwargs.pop("save_other_options", True)
        super().__init__(*args, **kwargs)
        self._type_of_words, self.type = self.type, click.UNPROCESSED

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Let the parser hand over all words."""
        super().add_to_parser(parser, ctx)
        options = [
            table.get(name) for table in (parser._long_opt, parser._short_opt) for name in self.opts
        ]
        option = next(option for option in options if option is not None)
        process = option.process

        def eat(value: str, state: Any) -> None:
            words = [value]
            while state.rargs and self.takes(state.rargs[0], words, parser._opt_prefixes):
                words.append(state.rargs.pop(0))
            process(tuple(words), state)

        option.process = eat

    def takes(self, word: str, before: Sequence[str], prefixes: Sequence[str]) -> bool:
        """Tell whether a word belongs to the option.

        Args:
            before: the words that do.
            prefixes: how options begin.
        """
        return not (self.stops_at_options and word.startswith(tuple(prefixes)))

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """Convert each word."""
        if not isinstance(value, (tuple, list)):
            return super().type_cast_value(ctx, value)
        return tuple(self._type_of_words(word, self, ctx) for word in value)
