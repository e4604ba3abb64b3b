"""The sections DASK and DASK_JOBQUEUE of the profile."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rvcli import profile

LOCAL = "local"

# Resource tags of workers.
GPU = "GPU"
MEMORY = "MEMORY"

# Class of dask_jobqueue by DASK.cluster.
JOBQUEUES = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "lsf": "LSFCluster",
    "sge": "SGECluster",
    "htcondor": "HTCondorCluster",
    "moab": "MoabCluster",
    "oar": "OARCluster",
}


@dataclass(frozen=True)
class DaskSettings:
    """Which cluster to use, and how; see `rv.toml.example`.

    Attributes:
        tls: paths by `tls_ca_file`, `tls_cert` and `tls_key`, of those that are set.
        jobqueue: options of the cluster of dask_jobqueue.
    """

    scheduler: str | None = None
    scheduler_file: str | None = None
    cluster: str = LOCAL
    workers: int = 1
    gpus: int = 0
    shared_files: bool = False
    start_timeout_s: float = 60.0
    tls: dict[str, str] = field(default_factory=dict)
    jobqueue: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def current() -> DaskSettings:
        """Return the settings in force."""
        found = profile.current()
        names = ("tls_ca_file", "tls_cert", "tls_key")
        tls = {name: found.get("DASK", name) for name in names}
        section = found.section("DASK_JOBQUEUE")
        return DaskSettings(
            scheduler=found.get("DASK", "scheduler"),
            scheduler_file=found.get("DASK", "scheduler_file"),
            cluster=found.get("DASK", "cluster"),
            workers=found.get("DASK", "workers"),
            gpus=found.get("DASK", "gpus"),
            shared_files=found.get("DASK", "shared_files"),
            start_timeout_s=found.get("DASK", "start_timeout_s"),
            tls={name: path for name, path in tls.items() if path},
            jobqueue={key: _typed(section.get(key)) for key in section.keys()},  # noqa: SIM118
        )

    @property
    def is_local(self) -> bool:
        """True if the cluster is started on this machine for the run."""
        return self.cluster == LOCAL and not self.is_given

    @property
    def is_given(self) -> bool:
        """True if the scheduler is there already."""
        return bool(self.scheduler or self.scheduler_file)

    @property
    def place(self) -> str:
        """The cluster, for messages."""
        if self.is_given:
            return f"the Dask scheduler {self.scheduler or f'of {self.scheduler_file}'}"
        return f"the {self.cluster} Dask cluster"

    def problems(self) -> list[str]:
        """Say what cannot be meant, in sentences."""
        found = []
        if self.scheduler and self.scheduler_file:
            found.append("DASK.scheduler and DASK.scheduler_file are both set")
        if self.is_given and self.cluster != LOCAL:
            found.append(f"DASK.cluster is {self.cluster!r}, and a scheduler is named as well")
        if self.jobqueue and self.cluster == LOCAL:
            found.append("the section DASK_JOBQUEUE is set, and DASK.cluster names no such cluster")
        if self.scheduler and "://" not in self.scheduler:
            found.append(f"DASK.scheduler is {self.scheduler!r}, not an address as tcp://host:8786")
        if bool(self.tls.get("tls_cert")) != bool(self.tls.get("tls_key")):
            found.append("of DASK.tls_cert and DASK.tls_key, one is set without the other")
        found += [
            f"DASK.{name} is {path}, which is no file"
            for name, path in self.tls.items()
            if not Path(path).is_file()
        ]
        return found


def _typed(value: Any) -> Any:
    """Return what a text means where a profile holds nothing but texts."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
