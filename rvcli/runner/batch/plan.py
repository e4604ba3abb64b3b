"""Which jobs AWS Batch is given: arrays of splits, and groups where a job has many parents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rvcli.runner.batch.limits import LARGEST_ARRAY, MOST_PARENTS, SMALLEST_ARRAY
from rvcli.runner.job import Job


@dataclass(frozen=True)
class Submission:
    """One job of AWS Batch.

    Attributes:
        name: unique in the run.
        jobs: what it runs; several are the children of an array, none make it a group, which
            does nothing and stands for its parents.
        parents: names of the submissions that must succeed before.
    """

    name: str
    jobs: tuple[Job, ...]
    parents: tuple[str, ...] = ()

    @property
    def is_array(self) -> bool:
        """True if its jobs are the children of an array."""
        return len(self.jobs) > 1

    @property
    def is_group(self) -> bool:
        """True if it only stands for its parents."""
        return not self.jobs


def plan_submissions(jobs: Sequence[Job]) -> list[Submission]:
    """Tell what to submit, each after its parents.

    Splits of one command that wait for the same and that the same waits for become an array:
    all that depends on one of them depends on all, so nothing waits longer for it.

    Args:
        jobs: each after those that it depends on.
    """
    owner: dict[str, str] = {}
    planned = []
    for together in _arrays(jobs):
        name = together[0].id
        owner.update((job.id, name) for job in together)
        planned.append(Submission(name, tuple(together), _parents(together[0], owner)))
    return [*with_few_parents(planned)]


def _parents(job: Job, owner: dict[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(owner[name] for name in job.depends_on if name in owner))


def _arrays(jobs: Sequence[Job]) -> list[list[Job]]:
    """Put together what can be an array; in the order of the first of each."""
    dependants: dict[str, list[str]] = {}
    for job in jobs:
        for name in job.depends_on:
            dependants.setdefault(name, []).append(job.id)
    alike: dict[object, list[Job]] = {}
    for job in jobs:
        likeness = (
            (job.command_type, job.experiment_id, job.command_root_uri, job.root_uri),
            (frozenset(job.depends_on), frozenset(dependants.get(job.id, ()))),
            (job.resources, job.attempts, job.argv[:-1]),
        )
        alike.setdefault(likeness, []).append(job)
    chunks = [
        found[at : at + LARGEST_ARRAY]
        for found in alike.values()
        for at in range(0, len(found), LARGEST_ARRAY)
    ]
    position = {job.id: number for number, job in enumerate(jobs)}
    arrays = [chunk for chunk in chunks if len(chunk) >= SMALLEST_ARRAY]
    single = [[job] for chunk in chunks if len(chunk) < SMALLEST_ARRAY for job in chunk]
    return sorted([*arrays, *single], key=lambda chunk: position[chunk[0].id])


def with_few_parents(planned: Sequence[Submission]) -> Iterator[Submission]:
    """Put groups between a submission and its parents until no more than 20 are left."""
    groups: dict[frozenset[str], str] = {}
    for submission in planned:
        parents = list(submission.parents)
        while len(parents) > MOST_PARENTS:
            fewer = []
            for at in range(0, len(parents), MOST_PARENTS):
                chunk = parents[at : at + MOST_PARENTS]
                if len(chunk) == 1:
                    fewer += chunk
                    continue
                if frozenset(chunk) not in groups:
                    groups[frozenset(chunk)] = f"group {len(groups) + 1}"
                    yield Submission(groups[frozenset(chunk)], (), tuple(chunk))
                fewer.append(groups[frozenset(chunk)])
            parents = fewer
        yield replace(submission, parents=tuple(parents))
