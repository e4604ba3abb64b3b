"""Settings of the Dask runner, and clusters of batch systems."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from rvcli import profile
from rvcli.errors import PlanError, RvError
from rvcli.profile import options
from rvcli.runner.dask.settings import JOBQUEUES, DaskSettings
from rvcli.runner.dask.start import import_jobqueue, jobqueue_cluster
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
from rvcli.testing.workshop import Workshop

SLURM = """[DASK]
cluster = "slurm"
gpus = 2
shared_files = true

[DASK_JOBQUEUE]
queue = "long"
cores = 1
memory = "4GB"
account = "fields"
job_extra_directives = ["--gres=gpu:2"]
worker_extra_args = ["--lifetime", "50m"]
"""

# What Slurm's commands do, with processes of this machine.
SBATCH = """#!/bin/sh
cp "$1" "{folder}/job.sh"
setsid sh "{folder}/job.sh" > "{folder}/job.log" 2>&1 &
echo $! > "{folder}/job.pid"
echo "Submitted batch job $!"
"""
SCANCEL = '#!/bin/sh\nkill -9 -- "-$1"\n'


def settings_of(tmp_path: Path, text: str) -> profile.Settings:
    """Return the settings of a profile."""
    (tmp_path / "rv.toml").write_text(text, "utf-8")
    return profile.load_settings(cwd=tmp_path)


def group_of(stat: Path) -> int:
    """Return the process group of a process that is no zombie; 0 if there is none."""
    try:
        state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return 0
    return 0 if state == "Z" else int(group)


def test_options_reach_the_job_script(tmp_path: Path) -> None:
    """Those of DASK_JOBQUEUE as they are; GPUs and memory become resource tags."""
    with profile.use(settings_of(tmp_path, SLURM)) as settings:
        found = DaskSettings.current()
        assert ([], [], {}) == (settings.warnings, found.problems(), settings.portable())
        with ExitStack() as held:
            cluster = jobqueue_cluster(found, RunOptions(), held)
            script = cluster.job_script()
            cluster.close()
    for words in ("-p long", "-A fields", "--mem=4G", "--gres=gpu:2", "--lifetime 50m"):
        assert words in script
    assert "--no-dashboard" in script
    assert "--resources GPU=2,MEMORY=4000" in script


def test_options_of_an_ini_file_have_types(tmp_path: Path) -> None:
    """Numbers and lists are meant, where a profile holds nothing but texts."""
    (tmp_path / ".rastervision").write_text(
        "[DASK]\ncluster = pbs\n[DASK_JOBQUEUE]\ncores = 4\nwalltime = 01:00:00\n"
        'job_extra_directives = ["-l x=1"]\n'
    )
    with profile.use(profile.load_settings(cwd=tmp_path)):
        assert {
            "cores": 4,
            "walltime": "01:00:00",
            "job_extra_directives": ["-l x=1"],
        } == DaskSettings.current().jobqueue


def test_ctrl_c_stays_an_interrupt() -> None:
    """The import of dask-jobqueue would turn it into an exit with code 0."""
    code = (
        "import signal; from rvcli.runner.dask.start import import_jobqueue; import_jobqueue();"
        " print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "True\n" == done.stdout


def test_every_batch_system_is_there() -> None:
    """Each choice of DASK.cluster names a class of dask-jobqueue."""
    option = options.find("DASK", "cluster")
    assert option is not None
    assert {"local", *JOBQUEUES} == set(option.choices)
    assert all(hasattr(import_jobqueue(), name) for name in JOBQUEUES.values())


# A cluster of dask-jobqueue that refuses its options complains that it was not closed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_missing_option_is_named(shop: Workshop, tmp_path: Path) -> None:
    """What a batch system needs is said before anything is submitted."""
    made = shop.plan(shop.work("a"))
    with profile.use(settings_of(tmp_path, '[DASK]\ncluster = "slurm"\nshared_files = true\n')):
        runner = ExperimentRunner.get_runner("dask")
        with pytest.raises(
            RvError, match=r"the slurm Dask cluster cannot be started: .*cores"
        ) as caught:
            runner.run_plan(made, RunOptions())
    assert "DASK_JOBQUEUE" in str(caught.value.hint)
    # Here it may complain, and in no later test.
    del caught
    gc.collect()


def test_a_batch_system_runs_commands(
    shop: Workshop, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its jobs are workers, which end with the run."""
    for name, text in (("sbatch", SBATCH.format(folder=tmp_path)), ("scancel", SCANCEL)):
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("RV_CACHE_DIR", str(tmp_path / "cache"))
    made = shop.plan(shop.work("a"))
    local = SLURM + f'local_directory = "{tmp_path}"\nscheduler_options = {{host = "127.0.0.1"}}\n'
    with profile.use(settings_of(tmp_path, local)):
        outcome = ExperimentRunner.get_runner("dask").run_plan(made, RunOptions())
    assert outcome.ok
    group = int((tmp_path / "job.pid").read_text())
    deadline = time.monotonic() + 10
    while [p for p in Path("/proc").glob("[0-9]*/stat") if group_of(p) == group]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("sbatch", "said"),
    [
        ("#!/bin/sh\necho 'invalid partition' >&2\nexit 1\n", "invalid partition"),
        ("", "sbatch"),
    ],
)
def test_a_batch_system_that_takes_no_jobs(
    shop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sbatch: str, said: str
) -> None:
    """What it says ends the run at once: nothing is waited for that cannot come."""
    if sbatch:
        (tmp_path / "sbatch").write_text(sbatch)
        (tmp_path / "sbatch").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    else:
        monkeypatch.setenv("PATH", str(tmp_path))
    made = shop.plan(shop.work("a"))
    local = SLURM + 'scheduler_options = {host = "127.0.0.1"}\n'
    with profile.use(settings_of(tmp_path, local)):
        runner = ExperimentRunner.get_runner("dask")
        with pytest.raises(RvError, match=f"the slurm Dask cluster cannot be started: .*{said}"):
            runner.run_plan(made, RunOptions())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('scheduler = "tcp://a:1"\nscheduler_file = "b"', "are both set"),
        ('scheduler = "tcp://a:1"\ncluster = "slurm"', "a scheduler is named as well"),
        ('scheduler = "a:8786"', "not an address as tcp://host:8786"),
        ('tls_ca_file = "missing.pem"', "missing.pem, which is no file"),
        ('tls_cert = "rv.toml"', "one is set without the other"),
        ("[DASK_JOBQUEUE]\ncores = 4", "names no such cluster"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    shop: Workshop, tmp_path: Path, text: str, said: str
) -> None:
    """Before anything is written or started."""
    made = shop.plan(shop.work("a"))
    with profile.use(settings_of(tmp_path, f"[DASK]\nshared_files = true\n{text}\n")):
        runner = ExperimentRunner.get_runner("dask")
        with pytest.raises(PlanError, match=said):
            runner.run_plan(made, RunOptions())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('scheduler = "foo://127.0.0.1:1"', "unknown address scheme"),
        ('scheduler = "tcp://127.0.0.1"', "missing port"),
        ('scheduler_file = "scheduler.json"', "scheduler.json does not say where a scheduler is"),
    ],
)
def test_an_address_that_is_none(shop: Workshop, tmp_path: Path, text: str, said: str) -> None:
    """It is one error, at once, and nothing is printed beside it."""
    (tmp_path / "scheduler.json").write_text("[not an address]")
    made = shop.plan(shop.work("a"))
    settings = settings_of(tmp_path, f"[DASK]\nshared_files = true\nstart_timeout_s = 2\n{text}\n")
    started = time.monotonic()
    with profile.use(settings), pytest.raises(RvError, match=said):
        ExperimentRunner.get_runner("dask").run_plan(made, RunOptions())
    # What a client that is forgotten would wait for, and complain of.
    gc.collect()
    assert time.monotonic() - started < 3.9


def test_local_files_are_refused_where_they_are_not_shared(shop: Workshop, tmp_path: Path) -> None:
    """Workers elsewhere would not find them; what to set if they do is said."""
    made = shop.plan(shop.work("a"))
    with profile.use(settings_of(tmp_path, '[DASK]\nscheduler = "tcp://a:1"\n')):
        runner = ExperimentRunner.get_runner("dask")
        with pytest.raises(PlanError, match="which other machines do not see") as caught:
            runner.run_plan(made, RunOptions())
    assert "DASK.shared_files" in str(caught.value.hint)
