"""Names of the files that `rv` keeps beside the outputs of a command."""

from __future__ import annotations

import re

_OWN = re.compile(
    r"command-(?:(?:config|plan|record|lease)-\d+\.json|log-\d+-)"
    # What is kept of a run, by its id.
    r"|(?<![\w-])\d{8}-\d{6}-[0-9a-f]{6}\.json"
    # The page about what has run, written anew after runs.
    r"|^report\.html$"
)


def message_uri(root_uri: str, split_id: int) -> str:
    """Return the URI of the message that a worker is given."""
    return _beside(root_uri, "config", split_id)


def draft_uri(root_uri: str, split_id: int) -> str:
    """Return the URI of what the plan says about the command: its record, but for the outputs."""
    return _beside(root_uri, "plan", split_id)


def record_uri(root_uri: str, split_id: int) -> str:
    """Return the URI of the record that proves the command done."""
    return _beside(root_uri, "record", split_id)


def lease_uri(root_uri: str, split_id: int) -> str:
    """Return the URI of the claim that the worker on the command holds."""
    return _beside(root_uri, "lease", split_id)


def is_own_name(name: str) -> bool:
    """Tell whether a file's base name is one of `rv`'s own, logs and temporary forms included."""
    return _OWN.search(name) is not None


def _beside(root_uri: str, kind: str, split_id: int) -> str:
    return f"{root_uri.rstrip('/')}/command-{kind}-{split_id}.json"
