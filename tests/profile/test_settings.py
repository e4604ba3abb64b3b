"""Settings: values, unknown names, secrets."""

from __future__ import annotations

import pytest

from rvcli import profile
from rvcli.errors import ProfileError
from rvcli.profile import secrets


def test_names_are_found_in_any_case(place):
    """Sections and keys are the same in upper and lower case."""
    place.write("rv.toml", "[Mine]\nColour = 'red'\n")

    assert "red" == place.load().get("MINE", "COLOUR")


def test_a_default_is_returned_for_what_is_missing(place):
    """`get` falls back to the argument, then to the declared default."""
    settings = place.load()

    assert "x" == settings.get("MINE", "colour", "x")
    assert 128 == settings.get("GDAL", "cache_mb", 1)
    assert "y" == settings.get("MINE", "colour", "y", parser=int)


def test_a_parser_gets_text(place):
    """A parser is given what an INI file would hold, whatever the source."""
    place.write("rv.toml", "[MINE]\nn = 3\nflag = true\nnames = ['a', 'b']\n[RV]\njobs = 2\n")
    settings = place.load()

    texts = [settings.get("MINE", key, parser=str) for key in ("n", "flag", "names")]

    assert ["3", "true", '["a", "b"]'] == texts
    assert ["a", "b"] == settings.get("MINE", "names", parser=profile.load_conf_list)
    assert "128" == settings.get("GDAL", "cache_mb", parser=str)
    assert 2.0 == settings.get("RV", "jobs", parser=float)


def test_a_parsers_refusal_names_the_option(place):
    """What a parser raises is told with section, key and origin."""
    place.write("rv.toml", "[MINE]\nn = 'x'\n")

    with pytest.raises(ProfileError, match=r"MINE\.n is 'x', which cannot be used") as raised:
        place.load().get("MINE", "n", parser=int)
    assert f"it comes from {place.project}/rv.toml:2" == raised.value.hint


def test_a_section_view_reads_one_section(place):
    """A view knows the values and keys of its section."""
    place.write("rv.toml", "[MINE]\na = 1\nb = 2\n")
    settings = place.load()
    view = settings.section("mine")

    assert (1, 9) == (view.get("a"), view.get("c", 9))
    assert ["a", "b"] == view.keys()
    assert {"jobs", "tmp_dir"} <= set(settings.section("RV").keys())


def test_unknown_names_are_told_with_the_nearest(place):
    """Sections and keys that nothing reads are warned of, once each, with the nearest one."""
    place.write("rv.toml", "[RV]\njob = 1\n[PLUGIN]\nfiles = []\nmodules = []\n[zzz]\nx = 1\n")

    warnings = place.load(overrides=["GDAL.jobs=1"]).warnings

    path = place.project / "rv.toml"
    assert [
        "--set: unknown option GDAL.jobs; did you mean RV.jobs?",
        f"{path}:2: unknown option RV.job; did you mean RV.jobs?",
        f"{path}:4: unknown section [PLUGIN]; did you mean [PLUGINS]?",
        f"{path}:7: unknown section [ZZZ]",
    ] == [w.replace("mean PLUGINS?", "mean [PLUGINS]?") for w in warnings]


@pytest.mark.parametrize(
    "read",
    [
        lambda settings: settings.get("MINE", "a"),
        lambda settings: settings.section("mine"),
        lambda settings: settings.mark_known("mine"),
        lambda settings: settings.text("mine", "a"),
    ],
)
def test_a_section_that_is_read_is_known(place, read):
    """Reading a section, as plugins do, takes it and all its keys as known."""
    place.write("rv.toml", "[MINE]\na = 1\nb = 2\n")
    settings = place.load()
    assert ["MINE"] == settings.unknown_sections()

    read(settings)

    assert ([], []) == (settings.warnings, settings.unknown_sections())


def test_a_key_that_is_read_in_a_declared_section_is_known(place):
    """A plugin may keep a key of its own in a section of rv; only that key is then known."""
    place.write("rv.toml", "[RV]\nmine = 1\nother = 1\n")
    settings = place.load()

    settings.get("RV", "mine")

    assert [f"{place.project}/rv.toml:3: unknown option RV.other"] == settings.warnings


def test_unknown_variables_are_not_told(place):
    """The environment is full of names that are none of rv's business."""
    place.environ.update({"RV_NONSENSE": "1", "GDAL_DATA": "x"})
    place.write(".env", "GDAL_NONSENSE=1\n")

    assert [] == place.load().warnings


@pytest.mark.parametrize(
    ("section", "key", "expected"),
    [
        ("MINE", "api_token", True),
        ("MINE", "password", True),
        ("MINE", "AWS_SECRET_ACCESS_KEY", True),
        ("MINE", "key", True),
        ("MINE", "keys", True),
        ("MINE", "api-key", True),
        ("SECRETS", "colour", True),
        ("MINE", "monkey", False),
        ("MINE", "keyboard", False),
        ("MINE", "author", False),
        ("RV", "jobs", False),
    ],
)
def test_secret_names(section, key, expected):
    """Names that say token, secret, password or key are secret; a part of a word is not."""
    assert expected == secrets.is_secret(section, key)


def test_secrets_are_masked_wherever_they_are_shown(place):
    """Neither the printed value, nor its repr, nor an error message holds a secret."""
    place.write("rv.toml", "[MINE]\ntoken = 'hunter2'\n")
    settings = place.load(overrides=["MINE.password=hunter2"])

    with pytest.raises(ProfileError) as raised:
        settings.get("MINE", "token", parser=int)

    shown = [repr(settings.value("MINE", key)) for key in ("token", "password")]
    assert "hunter2" == settings.get("MINE", "token")
    assert "hunter2" not in " ".join([*shown, str(raised.value), repr(settings)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://me:pw@host/x.py", "https://********@host/x.py"),
        ("s3://bucket/x.py", "s3://bucket/x.py"),
        (
            "https://h/x?X-Amz-Signature=abc&a=1&sig=q",
            "https://h/x?X-Amz-Signature=********&a=1&sig=********",
        ),
        (["https://a:b@c/d"], ["https://********@c/d"]),
        ({"token": "x", "b": "y"}, {"token": "********", "b": "y"}),
        (None, None),
        (5, 5),
    ],
)
def test_credentials_in_uris_are_masked(text, expected):
    """Passwords and signatures inside URIs are hidden, the rest is shown."""
    assert expected == secrets.shown(text, secret=False)


def test_use_puts_settings_in_force(place, monkeypatch):
    """Inside `use` the given settings are current; outside, defaults and environment."""
    monkeypatch.setenv("RV_JOBS", "11")
    settings = place.load(overrides=["RV.jobs=3"])

    with profile.use(settings):
        assert 3 == profile.current().get("RV", "jobs")
    assert 11 == profile.current().get("RV", "jobs")
