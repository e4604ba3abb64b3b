"""Fingerprints, identities and completion records."""

from rvcli.records.digests import default_cache
from rvcli.records.fingerprint import fingerprint, semantic
from rvcli.records.identity import Identities, Identity
from rvcli.records.names import draft_uri, is_own_name, lease_uri, message_uri, record_uri
from rvcli.records.record import (
    Draft,
    Found,
    Output,
    Record,
    find_record,
    note_inputs,
    read_draft,
    read_record,
    remove_record,
    why_not_proven,
    write_draft,
    write_record,
)
from rvcli.records.store import RecordStore
from rvcli.records.versions import versions_now

__all__ = [
    "Draft",
    "Found",
    "Identities",
    "Identity",
    "Output",
    "Record",
    "RecordStore",
    "default_cache",
    "draft_uri",
    "find_record",
    "fingerprint",
    "is_own_name",
    "lease_uri",
    "message_uri",
    "note_inputs",
    "read_draft",
    "read_record",
    "record_uri",
    "remove_record",
    "semantic",
    "versions_now",
    "why_not_proven",
    "write_draft",
    "write_record",
]
