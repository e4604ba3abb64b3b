"""CommandIODefinition: what a command reads, writes and lacks."""

from __future__ import annotations

from collections.abc import Iterable


class CommandIODefinition:
    """The input and output URIs of one command, and messages about inputs not set.

    Attributes:
        input_uris: what the command reads.
        output_uris: what the command writes.
        missing_input_messages: one message for each input that has no URI.
    """

    def __init__(
        self,
        input_uris: Iterable[str] | None = None,
        output_uris: Iterable[str] | None = None,
        missing_input_messages: Iterable[str] | None = None,
    ) -> None:
        self.input_uris: set[str] = set(input_uris or ())
        self.output_uris: set[str] = set(output_uris or ())
        self.missing_input_messages: set[str] = set(missing_input_messages or ())

    def merge(self, other: CommandIODefinition) -> None:
        """Add what another definition holds."""
        self.input_uris |= other.input_uris
        self.output_uris |= other.output_uris
        self.missing_input_messages |= other.missing_input_messages

    def add_input(self, input_uri: str | None) -> None:
        """Add an input; None is ignored."""
        self.add_inputs((input_uri,))

    def add_inputs(self, input_uris: Iterable[str | None] | None) -> None:
        """Add inputs; None, and each None among them, is ignored."""
        self.input_uris.update(uri for uri in _listed(input_uris) if uri is not None)

    def add_output(self, output_uri: str | None) -> None:
        """Add an output; None is ignored."""
        self.add_outputs((output_uri,))

    def add_outputs(self, output_uris: Iterable[str | None] | None) -> None:
        """Add outputs; None, and each None among them, is ignored."""
        self.output_uris.update(uri for uri in _listed(output_uris) if uri is not None)

    def add_missing(self, message: str) -> None:
        """Add a message about an input that is needed and not set."""
        self.missing_input_messages.add(message)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CommandIODefinition):
            return NotImplemented
        return (self.input_uris, self.output_uris, self.missing_input_messages) == (
            other.input_uris,
            other.output_uris,
            other.missing_input_messages,
        )

    __hash__ = None  # type: ignore[assignment]  # it is mutable

    def __repr__(self) -> str:
        return (
            f"CommandIODefinition(input_uris={sorted(self.input_uris)},"
            f" output_uris={sorted(self.output_uris)},"
            f" missing_input_messages={sorted(self.missing_input_messages)})"
        )


def _listed(uris: Iterable[str | None] | None) -> Iterable[str | None]:
    # A lone string would otherwise be taken for a list of its characters.
    return (uris,) if uris is None or isinstance(uris, str) else uris
