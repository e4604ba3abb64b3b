"""`rv config show`."""

from __future__ import annotations

from rvcli.profile import options


def test_every_option_is_shown(project):
    """All declared options are printed, with their values."""
    result = project.rv("config", "show")

    assert (0, "") == (result.code, result.err)
    names = [line.split()[0] for line in result.out.splitlines()[1:]]
    assert sorted(option.name for option in options.OPTIONS) == names


def test_origins_are_shown(project, monkeypatch):
    """--origin says of each value where it comes from."""
    path = project.write("rv.toml", "[RV]\njobs = 3\n")
    monkeypatch.setenv("GDAL_CACHE_MB", "64")

    rows = project.rv("--set", "RV.gpus=1", "config", "show", "--origin", "--json").json

    origins = {f"{row['section']}.{row['key']}": (row["value"], row["origin"]) for row in rows}
    assert (3, f"{path}:2") == origins["RV.jobs"]
    assert (64, "environment GDAL_CACHE_MB") == origins["GDAL.cache_mb"]
    assert (1, "--set") == origins["RV.gpus"]
    assert ("warn", "default") == origins["RV.overlap"]
    assert "--set" in project.rv("--set", "RV.gpus=1", "config", "show", "--origin").out


def test_shared_options_work_after_the_command_too(project):
    """--profile, --config, --set, -v and -q may stand anywhere."""
    project.write("rv.toml", "[profile.big.RV]\njobs = 3\n")
    project.write("more.toml", "[RV]\ngpus = 2\n[GDAL]\nnonsense = 1\n")

    result = project.rv(
        *["config", "--config", "more.toml", "show", "--profile", "big", "--json", "-q"],
        *["--set", "RV.overlap=error"],
    )

    values = {f"{row['section']}.{row['key']}": row["value"] for row in result.json}
    shown = [values[name] for name in ("RV.jobs", "RV.gpus", "RV.overlap")]
    assert [3, 2, "error"] == shown
    assert "" == result.err


def test_secrets_are_masked(project, monkeypatch):
    """No form of the output holds a secret."""
    project.write("rv.toml", "[MINE]\napi_token = 'hunter2'\nuri = 'https://u:hunter2@h/x'\n")

    for form in ([], ["--json"], ["--origin"]):
        result = project.rv("--set", "MINE.password=hunter2", "config", "show", *form)
        assert "********" in result.out
        assert "hunter2" not in result.out + result.err


def test_unknown_names_are_warned_of(project):
    """A name that nothing reads is told on the standard error, with the nearest one."""
    path = project.write("rv.toml", "[RV]\njob = 3\n")

    result = project.rv("config", "show")

    assert f"warning: {path}:2: unknown option RV.job; did you mean RV.jobs?\n" == result.err


def test_the_section_of_a_plugin_is_fine(project):
    """A section that a plugin's code names is not warned of; another one still is."""
    project.write("plugin.py", "def register_plugin(r):\n    pass\n\n\nNAME = 'MY_SECTION'\n")
    project.write(
        "rv.toml", "[PLUGINS]\nfiles = ['plugin.py']\n[MY_SECTION]\na = 1\n[YOURS]\nb = 1\n"
    )

    result = project.rv("config", "show")

    assert 1 == len(result.err.splitlines())
    assert "unknown section [YOURS]" in result.err


def test_a_section_that_a_module_names_is_fine(project, monkeypatch):
    """The same holds for a plugin that is a module."""
    project.write("sectioned_plugin.py", "X = 'MY_SECTION'\ndef register_plugin(r):\n    pass\n")
    project.write("rv.toml", "[PLUGINS]\nmodules = 'sectioned_plugin'\n[MY_SECTION]\na = 1\n")
    monkeypatch.syspath_prepend(str(project.root))

    assert "" == project.rv("config", "show").err


def test_many_warnings_are_cut(project):
    """Of many warnings, ten are printed and the rest counted."""
    project.write("rv.toml", "[RV]\n" + "".join(f"x{i} = 1\n" for i in range(12)))

    lines = project.rv("config", "show").err.splitlines()

    assert 11 == len(lines)
    assert "warning: and 2 more" == lines[-1]


def test_a_broken_profile_is_exit_code_3(project):
    """A profile that cannot be read ends with 3, naming file and line."""
    path = project.write("rv.toml", "[RV\n")

    result = project.rv("config", "show")

    assert 3 == result.code
    assert f"error: {path}:1:" in result.err
