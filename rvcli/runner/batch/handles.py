"""By what each job of a run is found at AWS Batch: its id, or the name that it will have."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from rvcli.runner.batch.plan import Submission


class Handles:
    """Queue, name, and once it is known the id, of each job; its number if it is of an array."""

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        """Read what `text` has given of each job, by the ids of the jobs."""
        self._by_job: dict[str, dict[str, Any]] = {
            job_id: json.loads(text) for job_id, text in (texts or {}).items() if text
        }

    @property
    def job_ids(self) -> set[str]:
        """The jobs."""
        return set(self._by_job)

    def text(self, job_id: str) -> str:
        """Return what another process needs to know of a job."""
        return json.dumps(self._by_job[job_id])

    def note(self, submission: Submission, request: Mapping[str, Any]) -> None:
        """Note under what names the jobs of a submission will be found."""
        for index, job in enumerate(submission.jobs):
            self._by_job[job.id] = {
                "queue": request["jobQueue"],
                "name": request["jobName"],
                **({"index": index} if submission.is_array else {}),
            }

    def note_id(self, job_id: str, batch_id: str) -> str:
        """Note the id of a job, or of its array; return the id of the job itself."""
        handle = self._by_job[job_id]
        handle["id"] = batch_id
        return f"{batch_id}:{handle['index']}" if "index" in handle else batch_id

    def known_id(self, job_id: str, ids_by_name: Mapping[str, str]) -> str | None:
        """Return the id of a job, or of its array, if it is known or there is one of its name."""
        handle = self._by_job.get(job_id, {})
        return handle.get("id") or ids_by_name.get(handle.get("name", ""))

    @property
    def have_ids(self) -> bool:
        """True if no job has to be found by its name."""
        return all("id" in handle for handle in self._by_job.values())

    @property
    def queues(self) -> set[str]:
        """The queues of jobs that have names."""
        return {handle["queue"] for handle in self._by_job.values() if "queue" in handle}

    def ids_to_end(self, job_ids: Iterable[str]) -> list[str]:
        """List the ids that end some jobs; of an array that ends as a whole, its own."""
        ending = [self._by_job[job_id] for job_id in job_ids]
        children = Counter(h["id"] for h in self._by_job.values() if "index" in h and "id" in h)
        asked = Counter(handle["id"] for handle in ending)
        ids = []
        for handle in ending:
            is_alone = "index" in handle and asked[handle["id"]] < children[handle["id"]]
            ids.append(f"{handle['id']}:{handle['index']}" if is_alone else handle["id"])
        return list(dict.fromkeys(ids))
