"""The Dask runner over TLS, and between two hosts."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rvcli import profile
from rvcli.errors import RvError
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
from rvcli.runner.outcome import Outcome
from rvcli.testing import DaskProcesses
from rvcli.testing.workshop import Workshop


def write_certificates(folder: Path) -> dict[str, str]:
    """Make an authority and a certificate that it has signed; return paths by option."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    now = datetime.datetime.now(datetime.timezone.utc)
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("ca", "dask")}
    names = {
        name: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"rv test {name}")])
        for name in keys
    }
    for name, key in keys.items():
        certificate = (
            x509.CertificateBuilder()
            .subject_name(names[name])
            .issuer_name(names["ca"])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=name == "ca", path_length=None), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(keys["ca"].public_key()),
                critical=False,
            )
            .sign(keys["ca"], hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        (folder / f"{name}.pem").write_bytes(pem)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        (folder / f"{name}-key.pem").write_bytes(private)
    return {
        "ca-file": str(folder / "ca.pem"),
        "cert": str(folder / "dask.pem"),
        "key": str(folder / "dask-key.pem"),
    }


def run(shop: Workshop, *overrides: str) -> Outcome:
    """Run one command with settings."""
    values = (f"RV.cache_dir={shop.directory / 'cache'}", "DASK.shared_files=true", *overrides)
    with profile.use(profile.load_settings(overrides=values)):
        outcome: Outcome = ExperimentRunner.get_runner("dask").run_plan(
            shop.plan(shop.work("a")), RunOptions()
        )
    return outcome


def test_tls(shop: Workshop, folder: Path) -> None:
    """Who has a certificate of the authority may run commands; who has none may not."""
    tls = write_certificates(folder)
    with DaskProcesses(folder / "dask", tls=tls) as cluster:
        cluster.add_worker()
        settings = [f"DASK.tls_{n.replace('-', '_')}={path}" for n, path in tls.items()]
        where = [f"DASK.scheduler_file={folder / 'dask' / 'scheduler.json'}"]
        assert run(shop, *where, *settings).ok
        (folder / "a.json").unlink()
        where = [f"DASK.scheduler={cluster.address}", "DASK.start_timeout_s=2"]
        with pytest.raises(RvError, match=r"tls://.* cannot be reached"):
            run(shop, *where)
        assert not (folder / "a.json").exists()


@dataclass
class Host:
    """A network namespace.

    Attributes:
        prefix: command line before what is to run there.
        address: of its only network interface.
    """

    prefix: list[str]
    address: str


@pytest.fixture
def hosts() -> Iterator[list[Host]]:
    """Make two hosts that are joined by a wire."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and the command ip")
    name = f"rv{uuid.uuid4().hex[:6]}"
    names = [f"{name}a", f"{name}b"]

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    try:
        try:
            for host in names:
                ip("netns", "add", host)
            ip("link", "add", f"{name}0", "netns", names[0], "type", "veth",
               "peer", "name", f"{name}1", "netns", names[1])  # fmt: skip
            for number, host in enumerate(names):
                wire = f"{name}{number}"
                ip("-n", host, "addr", "add", f"10.199.7.{number + 1}/24", "dev", wire)
                ip("-n", host, "link", "set", wire, "up")
                ip("-n", host, "link", "set", "lo", "up")
        except subprocess.CalledProcessError as e:
            pytest.skip(f"no network namespaces here: {e.stderr!r}")
        yield [
            Host(["ip", "netns", "exec", host], f"10.199.7.{number + 1}")
            for number, host in enumerate(names)
        ]
    finally:
        for host in names:
            subprocess.run(["ip", "netns", "del", host], check=False, capture_output=True)


def test_two_hosts(hosts: list[Host], shop: Workshop, folder: Path) -> None:
    """The scheduler and `rv` on one, the worker on the other, nothing between but a wire."""
    here, there = hosts
    experiments = folder / "experiments.py"
    experiments.write_text(
        "import rvcli as rv\n\n\nclass E(rv.ExperimentSet):\n    def exp_a(self, root_uri):\n"
        "        builder = rv.CommandConfig.builder('WORK').with_root_uri(root_uri)\n"
        "        values = {'reads': [], 'writes': [root_uri + '/a.json']}\n"
        "        return builder.with_config(**values).build()\n"
    )
    (folder / "root").mkdir()
    with DaskProcesses(folder / "dask", host=here.address, prefix=here.prefix) as cluster:
        cluster.add_worker(prefix=there.prefix, options=["--host", there.address])
        overrides = [f"DASK.scheduler={cluster.address}", "DASK.shared_files=true"]
        overrides.append(f'PLUGINS.files=["{shop.plugins[-1]}"]')
        words = [word for override in overrides for word in ("--set", override)]
        arguments = ["run", "dask", str(experiments), "-a", "root_uri", str(folder / "root")]
        done = subprocess.run(
            [*here.prefix, sys.executable, "-m", "rvcli", *words, *arguments],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert 0 == done.returncode, done.stdout + done.stderr
    (log,) = (folder / "root" / "logs").glob("*.txt")
    assert f"worker tcp://{there.address}:" in log.read_text("utf-8")
