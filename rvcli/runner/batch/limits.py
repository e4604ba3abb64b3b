"""What AWS Batch accepts of a job, checked before it is sent.

From the AWS Batch API reference (SubmitJob, ContainerOverrides, RetryStrategy, EvaluateOnExit,
ArrayProperties) and the page "Service quotas" of the AWS Batch user guide.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

MOST_PARENTS = 20
SMALLEST_ARRAY, LARGEST_ARRAY = 2, 10_000
MOST_ATTEMPTS = 10
MOST_EXIT_RULES = 5
LONGEST_NAME = 128
# ECS takes this many characters of overrides, those of the JSON that they are written in included.
LARGEST_OVERRIDES_BYTES = 8192
LARGEST_REQUEST_BYTES = 30 * 1024
SMALLEST_MEMORY_MB = 4
MOST_TAGS, LONGEST_TAG_KEY, LONGEST_TAG_VALUE = 50, 128, 256
RESERVED_PREFIX = "AWS_BATCH"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_EXIT_PATTERN = re.compile(r"[0-9]*\*?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DIGEST = 10


def name_part(text: str) -> str:
    """Return a text as it stands in the names of jobs."""
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")


def job_name(*parts: str) -> str:
    """Return a name for a job, made of parts of any kind; other parts give another name."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_DIGEST]
    readable = "-".join(filter(None, map(name_part, parts))) or "job"
    return f"{readable[: LONGEST_NAME - _DIGEST - 1]}-{digest}"


def problems(request: Mapping[str, Any]) -> list[str]:
    """Say what AWS Batch would refuse about the arguments of `submit_job`, in sentences."""
    return [*_of_job(request), *_of_retries(request), *_of_container(request), *_of_tags(request)]


def _of_job(request: Mapping[str, Any]) -> Iterator[str]:
    name = request.get("jobName", "")
    if not _NAME.fullmatch(name):
        yield (
            f"the job name {name!r} is not made of at most {LONGEST_NAME} letters, digits, - and _"
        )
    parents = request.get("dependsOn", ())
    if len(parents) > MOST_PARENTS:
        yield f"a job depends on {len(parents)} others, of at most {MOST_PARENTS}"
    array = request.get("arrayProperties", {})
    if array and not SMALLEST_ARRAY <= array.get("size", 0) <= LARGEST_ARRAY:
        yield (f"an array has {array.get('size')} jobs, not {SMALLEST_ARRAY} to {LARGEST_ARRAY}")
    size = len(json.dumps(request))
    if size > LARGEST_REQUEST_BYTES:
        yield f"a job takes {size} bytes to describe, of at most {LARGEST_REQUEST_BYTES}"


def _of_retries(request: Mapping[str, Any]) -> Iterator[str]:
    strategy = request.get("retryStrategy", {})
    attempts = strategy.get("attempts")
    if attempts is not None and not 1 <= attempts <= MOST_ATTEMPTS:
        yield f"{attempts} attempts are asked for; AWS Batch makes 1 to {MOST_ATTEMPTS}"
    rules = strategy.get("evaluateOnExit", ())
    if len(rules) > MOST_EXIT_RULES:
        yield f"there are {len(rules)} rules on exit codes, of at most {MOST_EXIT_RULES}"
    if rules and attempts is None:
        yield "rules on exit codes need a number of attempts"
    for rule in rules:
        code = rule.get("onExitCode", "")
        if not _EXIT_PATTERN.fullmatch(code):
            yield f"{code!r} is no pattern of exit codes"


def _of_container(request: Mapping[str, Any]) -> Iterator[str]:
    overrides = request.get("containerOverrides", {})
    size = len(json.dumps(overrides).encode())
    if size > LARGEST_OVERRIDES_BYTES:
        yield (
            f"command and environment of a job take {size} bytes, of at most"
            f" {LARGEST_OVERRIDES_BYTES}"
        )
    for word in overrides.get("command", ()):
        if "Ref::" in word:
            yield f"AWS Batch takes Ref:: in {word!r} for a parameter"
    for variable in overrides.get("environment", ()):
        name = variable["name"]
        if name.startswith(RESERVED_PREFIX):
            yield f"the variable {name} is reserved: AWS sets those that begin with AWS_BATCH"
        if not _VARIABLE.fullmatch(name):
            yield f"{name!r} is no name of a variable"
    for needed in overrides.get("resourceRequirements", ()):
        if needed["type"] == "MEMORY" and int(needed["value"]) < SMALLEST_MEMORY_MB:
            yield f"{needed['value']} MB of memory are less than {SMALLEST_MEMORY_MB}"


def _of_tags(request: Mapping[str, Any]) -> Iterator[str]:
    tags = request.get("tags", {})
    if len(tags) > MOST_TAGS:
        yield f"there are {len(tags)} tags, of at most {MOST_TAGS}"
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            yield f"the tag {key} is reserved"
        if not 1 <= len(key) <= LONGEST_TAG_KEY or len(value) > LONGEST_TAG_VALUE:
            yield f"the tag {key!r} or its value is too long"
