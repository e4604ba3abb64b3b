"""What running a command as a process costs beyond the imports of its worker.

    python benchmarks/overhead.py [--runs N]

Prints the wall time of a do-nothing command as the local runner runs it, that of `python -c`
importing the same modules, their difference (aim: under 50 ms), and the wall time of a run
of six do-nothing commands one after the other (aim: 1.5 s).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PLUGIN = '''
from rvcli.command.aux_command import AuxCommand, AuxCommandOptions

class Nothing(AuxCommand):
    """Does nothing."""
    command_type = "NOTHING"
    command_options = AuxCommandOptions(
        inputs=lambda config: config["reads"], outputs=lambda config: config["writes"])
    def run(self):
        for path in self.command_config["writes"]:
            open(path, "w").close()

def register_plugin(plugin_registry):
    plugin_registry.register_aux_command("NOTHING", Nothing)
'''

EXPERIMENT = """
import rvcli as rv

class Nothing(rv.ExperimentSet):
    def exp_nothing(self, root: str, count: int = 6):
        configs = []
        for i in range(count):
            reads = [f"{root}/{i - 1}.txt"] if i else []
            builder = rv.CommandConfig.builder("NOTHING").with_root_uri(f"{root}/{i}")
            configs.append(builder.with_config(reads=reads, writes=[f"{root}/{i}.txt"]).build())
        return configs
"""

LIST_MODULES = """
import json, runpy, sys
sys.argv = ["rv", "run-command", sys.argv[1]]
try:
    runpy.run_module("rvcli", run_name="__main__")
except SystemExit:
    pass
names = [n for n, m in sys.modules.items() if getattr(m, "__spec__", None) is not None]
print("MODULES " + json.dumps([n for n in names if not n.startswith("_rv")]))
"""


def wall(argv: list[str], folder: Path) -> float:
    """Run a command line and return its wall time in seconds."""
    started = time.perf_counter()
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{argv} failed:\n{done.stdout}{done.stderr}")
    return seconds


def modules_of_worker(message: Path, folder: Path) -> list[str]:
    """List the modules that a worker has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", LIST_MODULES, str(message)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(x for x in done.stdout.splitlines() if x.startswith("MODULES "))
    names: list[str] = json.loads(line.removeprefix("MODULES "))
    return [n for n in names if n != "__main__" and not n.startswith("rv_plugin")]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    # Where it is set, every start would compile every module anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "nothing.py").write_text(PLUGIN)
        (folder / "experiment.py").write_text(EXPERIMENT)
        (folder / "rv.toml").write_text('[PLUGINS]\nfiles = ["nothing.py"]\n')
        rv = [sys.executable, "-m", "rvcli"]
        run = [*rv, "-q", "run", "local", "experiment.py", "-a", "root"]
        wall([*run, str(folder / "first"), "-a", "count", "1"], folder)
        message = folder / "first" / "0" / "command-config-0.json"
        names = [n for n in modules_of_worker(message, folder) if "." not in n or "rvcli" in n]
        script = folder / "imports.py"
        body = "\n".join(f"    try_import({n!r})" for n in names)
        script.write_text(
            "import importlib\n\n\ndef try_import(name):\n    try:\n"
            "        importlib.import_module(name)\n    except ImportError:\n        pass\n\n\n"
            f"def main():\n{body}\n\n\nmain()\n"
        )
        commands, imports, chains = [], [], []
        for i in range(runs):
            commands.append(wall([*rv, "run-command", str(message)], folder))
            imports.append(wall([sys.executable, str(script)], folder))
            if i < 5:
                chains.append(wall([*run, str(folder / f"chain{i}")], folder))
    command, importing = statistics.median(commands), statistics.median(imports)
    difference_ms = (command - importing) * 1000
    print(f"do-nothing command   {command * 1000:7.0f} ms")
    print(f"importing the same   {importing * 1000:7.0f} ms  ({len(names)} modules)")
    print(f"overhead             {difference_ms:7.0f} ms  (aim 50)")
    print(f"six in a row         {statistics.median(chains):7.2f} s   (aim 1.5)")


if __name__ == "__main__":
    main()
