"""The options that `rv` itself reads, declared once: type, default and what they are for.

Values in this room are named tuples and plain classes: dataclasses would cost every start
of `rv` several milliseconds.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Option(NamedTuple):
    """One declared option.

    Attributes:
        section: upper case.
        key: lower case.
        type: "text", "path", "int", "float", "bool", "list" or "choice".
        default: the value when nothing sets it, already of that type.
        doc: what it does, one sentence; units included.
        choices: the values that a "choice" takes.
        minimum: the smallest number allowed.
        secret: its value is never shown.
        travels: commands on other machines are to know it.
    """

    section: str
    key: str
    type: str
    default: Any
    doc: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    secret: bool = False
    travels: bool = False

    @property
    def name(self) -> str:
        """The name in messages and after `--set`: SECTION.key."""
        return f"{self.section}.{self.key}"


OPTIONS: tuple[Option, ...] = (
    Option(
        "PLUGINS",
        "files",
        "list",
        (),
        "Plugin files: paths relative to what names them, or file://, http(s)://, s3:// URIs.",
    ),
    Option("PLUGINS", "modules", "list", (), "Plugin modules, by their importable names."),
    Option(
        "PLUGINS",
        "entry_points",
        "text",
        "all",
        "Which installed distributions to load as plugins: all, none, or names with commas.",
    ),
    Option(
        "PLUGINS",
        "lock",
        "text",
        None,
        "The lock file that plugins are held to, or none; rv.lock beside the profile when not set.",
    ),
    Option(
        "RV",
        "tmp_dir",
        "path",
        None,
        "Where temporary files go; the system's place for them (TMPDIR) when not set.",
    ),
    Option(
        "RV",
        "cache_dir",
        "path",
        None,
        "Where downloads, digests and previews are kept; the platform's cache when not set.",
    ),
    Option(
        "RV",
        "downloads_mb",
        "int",
        1024,
        "Most disk space that copies of downloaded files take in cache_dir, in MB; 0 keeps none.",
        minimum=0,
    ),
    Option(
        "RV",
        "jobs",
        "int",
        None,
        "How many commands the local runner runs at once; the number of CPUs when not set.",
        minimum=1,
    ),
    Option(
        "RV",
        "gpus",
        "int",
        None,
        "How many commands may use a GPU at once; the number of GPUs found when not set.",
        minimum=0,
    ),
    Option(
        "RV",
        "memory_mb",
        "int",
        None,
        "Main memory that a command is taken to need on a cluster, in MB; nothing when not set.",
        minimum=1,
    ),
    Option(
        "RV",
        "attempts",
        "int",
        1,
        "How often a command is started at most until it is done, with longer and longer breaks.",
        minimum=1,
    ),
    Option(
        "RV",
        "overlap",
        "choice",
        "warn",
        "What to do when a scene or file is in both train and validation: warn, or refuse to run.",
        choices=("warn", "error"),
    ),
    Option(
        "RV",
        "report",
        "bool",
        True,
        "Write a report, ROOT_URI/report.html, at the end of a run with an evaluation.",
    ),
    Option(
        "RV",
        "log_level",
        "choice",
        "info",
        "The least severe messages that commands write to their logs.",
        choices=("debug", "info", "warning", "error"),
        travels=True,
    ),
    Option(
        "RV",
        "log_format",
        "choice",
        "text",
        "How logs and progress are written: as lines of text, or of JSON on the standard error.",
        choices=("text", "json"),
        travels=True,
    ),
    Option(
        "RV",
        "lease_timeout_s",
        "float",
        60.0,
        "Seconds without a sign of life after which a command's claim may be taken over.",
        minimum=1,
        travels=True,
    ),
    Option(
        "RV",
        "model_defaults_uri",
        "path",
        None,
        "URI of a JSON file with the defaults of pretrained models.",
    ),
    Option(
        "RV",
        "self_test",
        "choice",
        "image",
        "What a predict package is tested with: a piece of an image of the experiment, which goes"
        " into the package; a synthetic image of the same values; or none.",
        choices=("image", "synthetic", "none"),
        travels=True,
    ),
    Option(
        "RV",
        "translate_tensorflow",
        "bool",
        True,
        "Run TF_DEEPLAB and TF_OBJECT_DETECTION on the PyTorch backends; if false, refuse them.",
    ),
    Option(
        "DASK",
        "scheduler",
        "text",
        None,
        "Address of a Dask scheduler, such as tcp://host:8786; without one a cluster is started.",
    ),
    Option(
        "DASK",
        "scheduler_file",
        "path",
        None,
        "File in which a Dask scheduler has written its address, instead of DASK.scheduler.",
    ),
    Option(
        "DASK",
        "tls_ca_file",
        "path",
        None,
        "Certificate (PEM) of the authority that has signed those of the Dask cluster.",
    ),
    Option("DASK", "tls_cert", "path", None, "This machine's certificate for the Dask cluster."),
    Option("DASK", "tls_key", "path", None, "The private key of DASK.tls_cert."),
    Option(
        "DASK",
        "cluster",
        "choice",
        "local",
        "The cluster that is started for a run: local, or by the batch system that is named.",
        choices=("local", "slurm", "pbs", "lsf", "sge", "htcondor", "moab", "oar"),
    ),
    Option("DASK", "workers", "int", 1, "How many workers to ask of the batch system.", minimum=1),
    Option(
        "DASK",
        "gpus",
        "int",
        0,
        "GPUs of each worker of the batch system, or of workers that are yet to come.",
        minimum=0,
    ),
    Option(
        "DASK",
        "shared_files",
        "bool",
        False,
        "The workers see the files of this machine under the same paths, as on a shared disk.",
    ),
    Option(
        "DASK",
        "start_timeout_s",
        "float",
        60.0,
        "Seconds to wait for a Dask scheduler, and for a worker that can run what is next.",
        minimum=1,
    ),
    Option(
        "AWS_S3",
        "requester_pays",
        "bool",
        False,
        "Pay for requests to S3 buckets whose owner asks for it.",
        travels=True,
    ),
    Option(
        "AWS_BATCH",
        "job_queue",
        "text",
        None,
        "Job queue for commands that use a GPU, and for all others where they have none.",
    ),
    Option(
        "AWS_BATCH",
        "job_definition",
        "text",
        None,
        "Job definition for commands that use a GPU: NAME, NAME:REVISION or an ARN.",
    ),
    Option("AWS_BATCH", "cpu_job_queue", "text", None, "Job queue for commands without a GPU."),
    Option(
        "AWS_BATCH",
        "cpu_job_definition",
        "text",
        None,
        "Job definition for commands without a GPU.",
    ),
    Option(
        "AWS_BATCH",
        "attempts",
        "int",
        None,
        "How often AWS Batch starts a command at most, up to 10; RV.attempts when not set.",
        minimum=1,
    ),
    Option(
        "AWS_BATCH",
        "confirm_jobs",
        "int",
        100,
        "Number of commands above which rv asks before it submits them, unless --yes is given.",
        minimum=0,
    ),
    Option(
        "AWS_BATCH",
        "poll_s",
        "float",
        5.0,
        "Seconds between two looks at the states and logs of all jobs of a run.",
        minimum=0.05,
    ),
    Option(
        "AWS_BATCH",
        "environment",
        "list",
        (),
        "Variables for the containers, each NAME=VALUE; nothing secret, which everyone could read.",
    ),
    Option(
        "GDAL",
        "cache_mb",
        "int",
        128,
        "Most memory that GDAL's block cache takes in one process, in MB.",
        minimum=1,
        travels=True,
    ),
)

_BY_NAME = {(option.section, option.key): option for option in OPTIONS}
SECTIONS: tuple[str, ...] = tuple(dict.fromkeys(option.section for option in OPTIONS))


class PassedOn(NamedTuple):
    """Sections that a library is given as they are: any key will do.

    Attributes:
        prefix: how their names begin.
        travels: commands on other machines are to know what they say.
    """

    prefix: str
    travels: bool


_PASSED_ON = (PassedOn("DASK_JOBQUEUE", travels=False), PassedOn("FSSPEC_", travels=True))


def passed_on(section: str) -> PassedOn | None:
    """Return what is known of a section (upper case) that a library is given, or None."""
    return next((known for known in _PASSED_ON if section.startswith(known.prefix)), None)


RESERVED_VARIABLES = frozenset({"RV_CONFIG", "RV_CONFIG_DIR", "RV_PROFILE", "RV_LOAD_PLUGINS"})
"""Environment variables that steer `rv` itself and are never read as SECTION_KEY."""


def find(section: str, key: str) -> Option | None:
    """Return the declared option of a section (upper case) and key (lower case), or None."""
    return _BY_NAME.get((section, key))


def travels(section: str, key: str) -> bool:
    """Tell whether commands on other machines are to know an option; those of plugins, always."""
    known = find(section, key) or passed_on(section)
    return known is None or known.travels


def keys(section: str) -> list[str]:
    """List the declared keys of a section (upper case)."""
    return [option.key for option in OPTIONS if option.section == section]
