"""Section AWS_BATCH of the profile."""

from __future__ import annotations

from dataclasses import dataclass

from rvcli import profile
from rvcli.profile.secrets import is_secret, mask_uris
from rvcli.runner.batch.limits import RESERVED_PREFIX

SECTION = "AWS_BATCH"


@dataclass(frozen=True)
class Target:
    """Where jobs of one kind go."""

    queue: str | None
    definition: str | None


@dataclass(frozen=True)
class BatchSettings:
    """How the profile wants AWS Batch to be used.

    Attributes:
        gpu: for commands that use a GPU.
        cpu: for all others.
        attempts: how often a command is started at most, or None where nothing is said.
        confirm_jobs: number of commands above which a person is asked first.
        poll_s: seconds between two looks.
        environment: NAME=VALUE, each, for the containers.
    """

    gpu: Target
    cpu: Target
    attempts: int | None
    confirm_jobs: int
    poll_s: float
    environment: tuple[str, ...]

    @classmethod
    def of_profile(cls) -> BatchSettings:
        """Read the settings in force; where there is nothing for the CPU, the rest serves both.

        Raises:
            ProfileError: a value is not of its type.
        """
        section = profile.current().section(SECTION)
        queue, definition = section.get("job_queue"), section.get("job_definition")
        return cls(
            gpu=Target(queue, definition),
            cpu=Target(
                section.get("cpu_job_queue") or queue,
                section.get("cpu_job_definition") or definition,
            ),
            attempts=section.get("attempts"),
            confirm_jobs=section.get("confirm_jobs"),
            poll_s=section.get("poll_s"),
            environment=tuple(section.get("environment") or ()),
        )

    def target(self, *, gpu: bool) -> Target:
        """Return where a command goes."""
        return self.gpu if gpu else self.cpu

    def variables(self) -> list[dict[str, str]]:
        """Return the environment as AWS Batch takes it."""
        pairs = [text.partition("=") for text in self.environment]
        return [{"name": name.strip(), "value": value} for name, _, value in pairs]

    def problems(self) -> list[str]:
        """Say what is wrong about the environment."""
        found = []
        for text in self.environment:
            name, equals, value = text.partition("=")
            name = name.strip()
            if not equals or not name:
                found.append("AWS_BATCH.environment holds an entry that is not NAME=VALUE")
            elif name.upper().startswith(RESERVED_PREFIX):
                found.append(
                    f"AWS_BATCH.environment sets {name}, but AWS keeps names that begin with"
                    " AWS_BATCH for itself"
                )
            elif mask_uris(value) != value:
                found.append(
                    f"AWS_BATCH.environment sets {name}, which holds a URI with a password or a"
                    " signature and could be read by everyone who sees the job: put it into"
                    " `secrets` of the job definition"
                )
            elif is_secret("", name):
                found.append(
                    f"AWS_BATCH.environment sets {name}, which looks like a secret and could be"
                    " read by everyone who sees the job: put it into `secrets` of the job"
                    " definition, or permit the job role what it needs"
                )
        return found
