"""`rv plugins`."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "plugins_examples"
NOISY = EXAMPLES / "noisy_evaluator_classic.py"


def test_the_builtins_are_listed(project):
    """What ships with rv is one row, and in JSON all that it registers."""
    (builtin,) = project.rv("plugins", "list", "--json").json

    assert ("rvcli", "builtin", "ok", None) == tuple(
        builtin[name] for name in ("name", "kind", "status", "error")
    )
    assert {"group": "TASK", "key": "SEMANTIC_SEGMENTATION"} in builtin["registers"]


def test_a_broken_plugin_never_hides_the_others(project):
    """Each plugin is listed with what it registers or why it does not load; the exit code is 0."""
    project.write("broken.py", "import nothing_of_this_name\n")
    project.write(
        "rv.toml", f"[PLUGINS]\nfiles = ['gone.py', 'broken.py', '{NOISY}']\nmodules = 'no_such'\n"
    )

    result = project.rv("plugins", "list", "--json")

    assert 0 == result.code
    plugins = {plugin["name"]: plugin for plugin in result.json}
    assert ["rvcli", "gone", "broken", "noisy_evaluator_classic", "no_such"] == list(plugins)
    assert ["ok", "error", "error", "ok", "error"] == [p["status"] for p in plugins.values()]
    noisy = plugins["noisy_evaluator_classic"]
    assert [{"group": "EVALUATOR", "key": "NOISY_EVALUATOR"}] == noisy["registers"]
    assert (str(NOISY), 64) == (noisy["uri"], len(noisy["digest"]))
    assert "nothing_of_this_name" in plugins["broken"]["error"]["message"]


def test_the_table_explains_what_does_not_load(project):
    """Below the table stands for each broken plugin what is wrong and what to do."""
    result = project.rv("--set", f"PLUGINS.files=gone.py,{NOISY}", "plugins", "list")

    assert 0 == result.code
    assert ["NAME", "KIND", "LOCATION", "VERSION", "DIGEST", "REGISTERS", "STATUS"] == (
        result.out.splitlines()[0].split()
    )
    assert "EVALUATOR NOISY_EVALUATOR" in result.out
    assert "\ngone: plugin " in result.out
    assert "\nTIP: " in result.out


def test_a_plugin_that_registers_much_is_cut(project):
    """Of many components, the table names three."""
    lines = [f"    r.register_aux_command('A{i}', object)" for i in range(5)]
    project.write("many.py", "\n".join(["def register_plugin(r):", *lines]))

    assert " and 2 more" in project.rv("--set", "PLUGINS.files=many.py", "plugins", "list").out


def test_on_a_terminal_the_table_is_drawn(project):
    """A person gets a table that rich lays out."""
    code = "from rvcli.cli.main import main; main(['plugins', 'list'])"
    reader, writer = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=writer, env={**os.environ, "TERM": "xterm"}
    )
    os.close(writer)
    shown = b""
    try:
        while chunk := os.read(reader, 4096):
            shown += chunk
    except OSError:
        pass
    os.close(reader)

    assert 0 == process.wait()
    assert b"\x1b[1m" in shown
    assert b"components" in shown


def test_verify_proves_a_plugin(project):
    """A good plugin is proven, and the exit code is 0."""
    result = project.rv("--set", f"PLUGINS.files={NOISY}", "plugins", "verify", "-v")

    assert 0 == result.code
    assert "ok   noisy_evaluator_classic" in result.out
    assert "passed: fetch" in result.out
    assert result.out.endswith("1 plugin: all well\n")


def test_verify_of_a_bad_plugin_is_exit_code_4(project):
    """A plugin with faults is explained, and the exit code is 4."""
    project.write("broken.py", "def register_plugin(r):\n    import nothing_of_this_name\n")

    text = project.rv("--set", "PLUGINS.files=broken.py", "plugins", "verify")
    as_json = project.rv("--set", "PLUGINS.files=broken.py", "plugins", "verify", "--json")

    assert [4, 4] == [text.code, as_json.code]
    assert "FAIL broken" in text.out
    assert "nothing_of_this_name" in text.out
    assert "TIP: " in text.out
    assert as_json.json["ok"] is False


def test_verify_takes_names_and_files(project):
    """A plugin of the profile is named by its name; any other file by its path."""
    project.write("fine.py", "def register_plugin(r):\n    pass\n")
    project.write("rv.toml", f"[PLUGINS]\nfiles = ['{NOISY}', 'gone.py']\n")

    by_name = project.rv("plugins", "verify", "--json", "noisy_evaluator_classic").json
    by_path = project.rv("plugins", "verify", "--json", "fine.py", str(NOISY)).json

    assert ["noisy_evaluator_classic"] == [p["name"] for p in by_name["plugins"]]
    assert ["fine", "noisy_evaluator_classic"] == [p["name"] for p in by_path["plugins"]]


def test_verify_of_an_unknown_name_is_wrong_usage(project):
    """A name that is neither a plugin nor a file is refused."""
    result = project.rv("plugins", "verify", "nonsense")

    assert 2 == result.code
    assert "there is no plugin 'nonsense'" in result.err
    assert "TIP: the profile names: none" in result.err


def test_verify_without_plugins(project):
    """Nothing to verify is well."""
    assert (0, "0 plugins: all well\n", "") == project.rv("plugins", "verify")


def test_a_run_is_held_to_the_lock(copies):
    """After `rv plugins lock`, a run refuses an edited plugin before it is imported."""
    locked = copies.rv("plugins", "lock")
    fine = copies.rv("run", "inprocess", "copies.py", "--dry-run")
    plugin = copies.root / "plugins" / "copy_command.py"
    plugin.write_text("print('edited')\n" + plugin.read_text())
    refused = copies.rv("run", "inprocess", "copies.py")
    stale = copies.rv("plugins", "lock", "--check")

    assert ([0, 0, 4, 4], f"{copies.root / 'rv.lock'}: 1 plugin\n") == (
        [locked.code, fine.code, refused.code, stale.code],
        locked.out,
    )
    assert "SHA-256" in refused.err
    assert "rv plugins lock" in refused.err
    assert "edited" not in (refused.out + refused.err).replace("was edited", "")
    assert "plugins/copy_command.py is not what" in stale.err

    assert [0, 0, 0] == [
        copies.rv("plugins", "lock").code,
        copies.rv("plugins", "lock", "--check").code,
        copies.rv("run", "inprocess", "copies.py").code,
    ]


def test_a_run_refuses_other_plugins_than_are_locked(copies):
    """A plugin more or less than the lock names is refused; switched off, the lock is not read."""
    copies.rv("plugins", "lock")
    words = ("ls", "copies.py")
    more = copies.rv("--set", f"PLUGINS.files=plugins/copy_command.py,{NOISY}", *words)
    less = copies.rv("--set", "PLUGINS.files=", *words)
    off = copies.rv(
        "--set", f"PLUGINS.files=plugins/copy_command.py,{NOISY}", "--set", "PLUGINS.lock=none",
        *words,
    )  # fmt: skip

    assert [4, 4, 0] == [more.code, less.code, off.code]
    assert "which the profile does" in more.err
    assert "names plugins/copy_command.py, which the profile does not" in less.err
    assert (
        "which the profile does not"
        in copies.rv("--set", "PLUGINS.files=", "plugins", "lock", "--check").err
    )


def test_the_list_shows_what_is_locked(copies):
    """The list has a column for it where there is a lock, and never refuses."""
    before = copies.rv("plugins", "list")
    copies.rv("plugins", "lock")
    copies.write("plugins/other.py", "def register_plugin(r):\n    pass\n")
    both = "PLUGINS.files=plugins/copy_command.py,plugins/other.py"
    after = copies.rv("--set", both, "plugins", "list", "--json")
    gone = copies.rv("--set", "PLUGINS.files=plugins/other.py", "plugins", "list")

    assert "LOCKED" not in before.out
    assert (0, [None, True, False]) == (after.code, [p["locked"] for p in after.json])
    assert "LOCKED" in gone.out
    assert "names plugins that are not loaded: plugins/copy_command.py" in gone.out


def test_a_lock_may_lie_elsewhere(project):
    """--output says where; without a profile file there is no other place."""
    project.write("fine.py", "def register_plugin(r):\n    pass\n")
    words = ("--set", "PLUGINS.files=fine.py")
    refused = project.rv(*words, "plugins", "lock")
    written = project.rv(*words, "plugins", "lock", "--output", "locks/my.lock")
    text = (project.root / "locks" / "my.lock").read_text()
    held = ("--set", "PLUGINS.lock=locks/my.lock", "plugins", "list", "--json")

    assert (2, 0) == (refused.code, written.code)
    assert "--output" in refused.err
    assert 'uri = "../fine.py"' in text
    assert [None, True] == [plugin["locked"] for plugin in project.rv(*words, *held).json]


def test_verify_as_remote_names_what_would_be_missing(project):
    """A plugin that reads a file beside it works here, not elsewhere: exit code 4."""
    project.write("words.txt", "words")
    project.write(
        "beside.py",
        "from pathlib import Path\nWORDS = Path(__file__).with_name('words.txt').read_text()\n"
        "def register_plugin(r):\n    pass\n",
    )
    words = ("--set", "PLUGINS.files=beside.py", "plugins", "verify")
    remote = project.rv(*words, "--as-remote")

    assert [0, 4] == [project.rv(*words).code, remote.code]
    assert "beside.py:2: the plugin opens 'words.txt' beside itself" in remote.out
    assert 0 == project.rv("plugins", "verify", "--as-remote", str(NOISY)).code


def test_plugins_are_switched_off(copies, monkeypatch):
    """With RV_LOAD_PLUGINS empty no plugin is loaded, and no lock is looked at."""
    copies.rv("plugins", "lock")
    for value in ("", "none"):
        monkeypatch.setenv("RV_LOAD_PLUGINS", value)
        assert ["rvcli"] == [p["name"] for p in copies.rv("plugins", "list", "--json").json]
    assert 3 == copies.rv("ls", "copies.py").code
