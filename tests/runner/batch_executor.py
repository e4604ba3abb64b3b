"""A small AWS Batch for tests: it takes jobs over HTTP and runs their commands as processes.

It speaks the calls of AWS Batch and CloudWatch Logs that `rv` makes, starts jobs when those that
they depend on have succeeded, counts attempts, and refuses what AWS refuses. A "container" is a
process in an empty directory that sees nothing of the environment but the credentials of its
"role" and what the job hands it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rvcli.runner.batch.limits import problems

GRACE_S = 5.0
ENDED = ("SUCCEEDED", "FAILED")
QUEUES = {"gpu": 1, "cpu": 3}  # how many jobs of each run side by side
DEFINITIONS = ("rv-gpu", "rv-cpu")
LOG_GROUP = "/rv/tests"


class Refusal(Exception):
    """What the client is told instead of an answer."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass
class BatchJob:
    """A job, an array of jobs, or the child of an array."""

    id: str
    request: dict[str, Any]
    status: str = "SUBMITTED"
    reason: str = ""
    children: list[BatchJob] = field(default_factory=list)
    index: int | None = None
    attempts: list[dict[str, Any]] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    log: threading.Thread | None = None
    stream: str = ""
    exit_code: int | None = None
    kill_at: float = 0.0
    times: dict[str, int] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """Return what `describe_jobs` says."""
        options = {"awslogs-group": LOG_GROUP}
        container: dict[str, Any] = {
            "logConfiguration": {"logDriver": "awslogs", "options": options}
        }
        if self.stream:
            container["logStreamName"] = self.stream
        if self.exit_code is not None and self.status in ENDED:
            container["exitCode"] = self.exit_code
        described = {
            "jobId": self.id,
            "jobName": self.request["jobName"],
            "jobQueue": self.request["jobQueue"],
            "jobDefinition": self.request["jobDefinition"],
            "status": self.status,
            **self.times,
            "attempts": self.attempts,
            "container": container,
            "tags": self.request.get("tags", {}),
        }
        return {**described, **({"statusReason": self.reason} if self.reason else {})}


def _now_ms() -> int:
    return int(time.time() * 1000)


class BatchEndpoint:
    """The server.

    Attributes:
        url: of both services.
        requests: arguments of every submit_job that was accepted, in order.
        broken_limits: what submit_job was asked that AWS refuses; stays empty if all is well.
        calls: how often each operation was called.
        fault: called with each operation and its arguments; may raise a Refusal.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requests: list[dict[str, Any]] = []
        self.broken_limits: list[str] = []
        self.calls: dict[str, int] = {}
        self.fault: Callable[[str, dict[str, Any]], None] = lambda name, arguments: None
        self.role: dict[str, str] = {}
        self._jobs: dict[str, BatchJob] = {}
        self._logs: dict[str, list[str]] = {}
        self._lock = threading.RLock()
        self._ends = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.05,)),
            threading.Thread(target=self._schedule),
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End the server and all that runs."""
        self._ends.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self._server.server_close()
        for job in self._jobs.values():
            self._end(job, signal.SIGKILL)

    def jobs(self, status: str = "") -> list[BatchJob]:
        """List the jobs, children of arrays included, arrays not."""
        with self._lock:
            found = [j for j in self._jobs.values() if not j.children]
        return [job for job in found if status in ("", job.status)]

    def job(self, name: str) -> BatchJob:
        """Return the job whose name contains a text."""
        return next(j for j in reversed(self._jobs.values()) if name in j.request["jobName"])

    # The calls.

    def answer(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Answer one call."""
        with self._lock:
            self.calls[name] = self.calls.get(name, 0) + 1
        self.fault(name, arguments)
        with self._lock:
            answer: dict[str, Any] = getattr(self, f"_{name}")(arguments)
        return answer

    def _submitjob(self, arguments: dict[str, Any]) -> dict[str, Any]:
        wrong = problems(arguments)
        self.broken_limits += wrong
        parents = [item["jobId"] for item in arguments.get("dependsOn", ())]
        wrong += [f"no such job: {parent}" for parent in parents if parent not in self._jobs]
        if arguments["jobQueue"] not in QUEUES or arguments["jobDefinition"] not in DEFINITIONS:
            wrong.append("no such queue or definition")
        if wrong:
            raise Refusal("ClientException", "; ".join(wrong))
        self.requests.append(arguments)
        job = BatchJob(str(uuid.uuid4()), arguments)
        for index in range(arguments.get("arrayProperties", {}).get("size", 0)):
            job.children.append(BatchJob(f"{job.id}:{index}", arguments, index=index))
        for item in (job, *job.children):
            self._jobs[item.id] = item
        return {"jobId": job.id, "jobName": arguments["jobName"], "jobArn": f"arn:{job.id}"}

    def _describejobs(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if len(arguments["jobs"]) > 100:
            raise Refusal("ClientException", "at most 100 jobs are described")
        found = [self._jobs[name] for name in arguments["jobs"] if name in self._jobs]
        return {"jobs": [job.describe() for job in found]}

    def _terminatejob(self, arguments: dict[str, Any]) -> dict[str, Any]:
        job = self._jobs.get(arguments["jobId"])
        if job is None:
            raise Refusal("ClientException", "no such job")
        for item in job.children or [job]:
            if item.status == "RUNNING":
                item.reason = item.reason or arguments["reason"]
                item.kill_at = time.monotonic() + GRACE_S
                self._end(item, signal.SIGTERM)
            elif item.status not in ENDED:
                item.status, item.reason = "FAILED", arguments["reason"]
        return {}

    def _listjobs(self, arguments: dict[str, Any]) -> dict[str, Any]:
        (named,) = arguments["filters"]
        prefix = named["values"][0].removesuffix("*")
        found = [
            {"jobId": j.id, "jobName": j.request["jobName"], "status": j.status}
            for j in self._jobs.values()
            if j.index is None
            and j.request["jobQueue"] == arguments["jobQueue"]
            and j.request["jobName"].startswith(prefix)
        ]
        at = int(arguments.get("nextToken") or 0)
        following = {"nextToken": str(at + 100)} if len(found) > at + 100 else {}
        return {"jobSummaryList": found[at : at + 100], **following}

    def _describejobqueues(self, arguments: dict[str, Any]) -> dict[str, Any]:
        found = [
            {
                "jobQueueName": name,
                "jobQueueArn": f"arn:aws:batch:us-east-1:1:job-queue/{name}",
                "state": "ENABLED",
                "status": "VALID",
                "priority": 1,
                "computeEnvironmentOrder": [],
            }
            for name in QUEUES
        ]
        return {"jobQueues": [q for q in found if q["jobQueueName"] in arguments["jobQueues"]]}

    def _describejobdefinitions(self, arguments: dict[str, Any]) -> dict[str, Any]:
        found = [
            {
                "jobDefinitionName": name,
                "jobDefinitionArn": f"arn:aws:batch:us-east-1:1:job-definition/{name}:1",
                "revision": 1,
                "status": "ACTIVE",
                "type": "container",
            }
            for name in DEFINITIONS
        ]
        wanted = arguments.get("jobDefinitionName")
        return {"jobDefinitions": [d for d in found if d["jobDefinitionName"] == wanted]}

    def _getlogevents(self, arguments: dict[str, Any]) -> dict[str, Any]:
        lines = self._logs.get(arguments["logStreamName"])
        if lines is None or arguments["logGroupName"] != LOG_GROUP:
            raise Refusal("ResourceNotFoundException", "there is no such log stream")
        at = int(arguments.get("nextToken", "f/0").removeprefix("f/"))
        page = lines[at : at + 100]
        events = [{"timestamp": 1, "ingestionTime": 1, "message": line} for line in page]
        token = f"f/{at + len(page)}"
        return {"events": events, "nextForwardToken": token, "nextBackwardToken": "b/0"}

    # The work.

    def _schedule(self) -> None:
        while not self._ends.wait(0.02):
            with self._lock:
                for job in list(self._jobs.values()):
                    if job.children:
                        self._look_at_array(job)
                    elif job.status == "RUNNING":
                        self._look_at_process(job)
                    elif job.status not in ENDED:
                        self._try_to_start(job)

    def _look_at_array(self, job: BatchJob) -> None:
        states = {child.status for child in job.children}
        if states <= set(ENDED):
            job.status = "FAILED" if "FAILED" in states else "SUCCEEDED"
        else:
            job.status = "PENDING"

    def _try_to_start(self, job: BatchJob) -> None:
        parents = [self._jobs[item["jobId"]] for item in job.request.get("dependsOn", ())]
        states = {parent.status for parent in parents}
        if "FAILED" in states:
            job.status, job.reason = "FAILED", "Dependent Job failed"
        elif states - {"SUCCEEDED"}:
            job.status = "PENDING"
        else:
            job.status = "RUNNABLE"
            queue = job.request["jobQueue"]
            running = [j for j in self.jobs("RUNNING") if j.request["jobQueue"] == queue]
            if len(running) < QUEUES[queue]:
                self._start(job)

    def _start(self, job: BatchJob) -> None:
        job.status, job.times = "RUNNING", {"startedAt": _now_ms()}
        job.stream = f"rv/default/{uuid.uuid4().hex}"
        home = self.folder / job.stream.replace("/", "-")
        home.mkdir(parents=True)
        program, *words = job.request["containerOverrides"]["command"]
        assert program == "rv"
        job.process = subprocess.Popen(
            [sys.executable, "-m", "rvcli", *words],
            cwd=home,
            env=self._environment(job, home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        job.log = threading.Thread(target=self._keep_log, args=(job.process, job.stream))
        job.log.start()

    def _environment(self, job: BatchJob, home: Path) -> dict[str, str]:
        handed = job.request["containerOverrides"].get("environment", ())
        given = {item["name"]: item["value"] for item in handed}
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        own = {
            "HOME": str(home),
            "AWS_BATCH_JOB_ID": job.id,
            "AWS_BATCH_JQ_NAME": job.request["jobQueue"],
            "AWS_BATCH_JOB_ATTEMPT": str(len(job.attempts) + 1),
        }
        if job.index is not None:
            own["AWS_BATCH_JOB_ARRAY_INDEX"] = str(job.index)
        if job.request["jobQueue"] == "gpu":
            own["CUDA_VISIBLE_DEVICES"] = "0"
        return {**kept, **self.role, **given, **own}

    def _keep_log(self, process: subprocess.Popen[bytes], stream: str) -> None:
        assert process.stdout is not None
        with process.stdout as output:
            for line in output:
                text = line.decode("utf-8", "replace").rstrip("\n")
                with self._lock:
                    self._logs.setdefault(stream, []).append(text)

    def _look_at_process(self, job: BatchJob) -> None:
        assert job.process is not None
        code = job.process.poll()
        if code is None or (job.log is not None and job.log.is_alive()):
            if job.kill_at and time.monotonic() > job.kill_at:
                self._end(job, signal.SIGKILL)
            return
        # As a shell says it: 128 and the number of the signal.
        job.exit_code = code if code >= 0 else 128 - code
        container = {"exitCode": job.exit_code, "logStreamName": job.stream}
        reason = "Essential container in task exited"
        job.times["stoppedAt"] = _now_ms()
        job.attempts.append({"container": container, **job.times, "statusReason": reason})
        if job.exit_code == 0 and not job.kill_at:
            job.status = "SUCCEEDED"
        elif not job.kill_at and self._tries_again(job):
            job.status = "RUNNABLE"
        else:
            job.status, job.reason = "FAILED", job.reason or reason

    def _tries_again(self, job: BatchJob) -> bool:
        strategy = job.request.get("retryStrategy", {})
        if len(job.attempts) >= strategy.get("attempts", 1):
            return False
        for rule in strategy.get("evaluateOnExit", ()):
            code, pattern = str(job.exit_code), rule.get("onExitCode", "*")
            if re.fullmatch(pattern.replace("*", ".*"), code):
                return bool(rule["action"] == "RETRY")
        return True

    @staticmethod
    def _end(job: BatchJob, number: int) -> None:
        if job.process is not None and job.process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(job.process.pid, number)
            if number == signal.SIGKILL:
                job.process.wait()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                target = self.headers.get("X-Amz-Target", "").partition(".")[2]
                name = (target or self.path.rpartition("/")[2]).lower()
                try:
                    status, answer = 200, endpoint.answer(name, json.loads(body))
                except Refusal as e:
                    status, answer = e.status, {"__type": e.code, "message": e.message}
                data = json.dumps(answer).encode()
                self.send_response(status)
                if status != 200:
                    self.send_header("X-Amzn-ErrorType", answer["__type"])
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
