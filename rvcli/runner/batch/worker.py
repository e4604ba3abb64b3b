"""A worker on AWS Batch: which child of an array it is, and which attempt."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping

from rvcli.errors import MessageError, UsageError
from rvcli.filesystem import shown
from rvcli.utils.files import file_to_json

INDEX_VARIABLE = "AWS_BATCH_JOB_ARRAY_INDEX"
ATTEMPT_VARIABLE = "AWS_BATCH_JOB_ATTEMPT"
LONGEST_WAIT_S = 60.0


def item_of_array(list_uri: str, environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """Return the URI of the message of this child of an array, and its fingerprint.

    Args:
        list_uri: of the JSON list of what the children do.
        environment: in which AWS Batch tells a child its number.

    Raises:
        UsageError: this is no child of an array.
        MessageError: the list does not say what this child does.
    """
    index = environment.get(INDEX_VARIABLE, "")
    if not index.isdecimal():
        raise UsageError(
            f"{INDEX_VARIABLE} is {index!r}, which is no number of a child of an array",
            hint="--array is for jobs of AWS Batch; give the URI of one message instead",
        )
    items = file_to_json(list_uri)
    try:
        item = items[int(index)]
        return str(item["message_uri"]), str(item["fingerprint"])
    except (LookupError, TypeError) as e:
        raise MessageError(f"{shown(list_uri)} has no command of number {index}") from e


def wait_before_attempt(backoff_s: float, environment: Mapping[str, str] = os.environ) -> float:
    """Wait before a second or later attempt: AWS Batch itself starts it at once.

    Args:
        backoff_s: seconds before the second attempt, twice as long before each later one, up
            to a minute; half of it is left to chance, so that many jobs do not come at once.

    Returns:
        seconds waited.
    """
    attempt = environment.get(ATTEMPT_VARIABLE, "1")
    earlier = int(attempt) - 1 if attempt.isdecimal() else 0
    if earlier < 1:
        return 0.0
    longest_s = min(backoff_s * 2.0 ** min(earlier - 1, 30), LONGEST_WAIT_S)
    wait_s = longest_s * random.uniform(0.5, 1.0)
    time.sleep(wait_s)
    return wait_s
