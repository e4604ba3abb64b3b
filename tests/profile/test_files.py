"""TOML, INI and .env: what they hold, and what is wrong with them."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.errors import ProfileError
from rvcli.profile.dotenv import read_dotenv
from rvcli.profile.files import read
from rvcli.profile.lines import option_lines


def test_toml_values_know_their_line(place):
    """Each value says file and line, and the profile it is in."""
    path = place.write("rv.toml", '# one\n[RV]\njobs = 1\n\n[profile."big one".RV]\n"jobs" = 2\n')

    file = read(path)

    shared, named = file.shared.layer, file.profiles["big one"].layer
    assert f"{path}:3" == shared.values["RV", "jobs"].origin
    assert f"{path}:6 [profile.big one]" == named.values["RV", "jobs"].origin


def test_ini_values_know_their_line(place):
    """Each value of an INI file says file and line; `%` and `DEFAULT` are nothing special."""
    path = place.write(
        ".rastervision", "[DEFAULT]\nx = 1\n[MINE]\na: 50%%d  # why\nb = %(c)s\n d\n"
    )

    values = read(path).shared.layer.values

    assert ("50%%d", f"{path}:4") == (values["MINE", "a"].value, values["MINE", "a"].origin)
    assert "%(c)s\nd" == values["MINE", "b"].value
    assert ("DEFAULT", "x") in values
    assert ("MINE", "x") not in values


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("rv.toml", "[RV]\njobs = = 1\n", r"rv.toml:2: "),
        ("rv.toml", '[RV]\njobs = "', r"rv.toml:2: "),
        ("rv.toml", "profile = 1\n", "'profile' is no table"),
        ("rv.toml", "[profile]\n\nbig = 1\n", r"rv.toml:3: the profile 'big' is no table"),
        ("rv.toml", "inherits = 1\n", "`inherits` is 1"),
        ("rv.toml", "[RV]\njobs = 1\n[rv]\njobs = 2\n", r"rv.toml:2: RV.jobs is set twice"),
        ("x.ini", "jobs = 1\n", r"x.ini:1: 'jobs = 1' stands before the first"),
        ("x.ini", "[RV]\njobs\n", r"x.ini:2: 'jobs' is neither"),
        ("x.ini", "[RV]\njobs=1\njobs=2\n", r"x.ini:3: RV.jobs is set twice"),
        ("x.ini", "[RV]\n[RV]\n", r"x.ini:2: the section \[RV\] occurs twice"),
    ],
)
def test_wrong_syntax_names_file_and_line(place, name, text, message):
    """A file that cannot be read ends the run with its name and the line."""
    with pytest.raises(ProfileError, match=message):
        read(place.write(name, text))


def test_a_file_that_is_no_text_is_refused(place):
    """Bytes that are not UTF-8 are told, not decoded by chance."""
    path = place.project / "rv.toml"
    path.write_bytes(b"[RV]\ntmp_dir = '\xff'\n")

    with pytest.raises(ProfileError, match=r"not UTF-8 text \(byte 16\)"):
        read(path)


def test_a_byte_order_mark_is_fine(place):
    """Files from editors that write a byte order mark are read."""
    path = place.project / "rv.toml"
    path.write_bytes(b"\xef\xbb\xbf[RV]\r\njobs = 1\r\n")

    assert 1 == read(path).shared.layer.values["RV", "jobs"].value


def test_options_outside_a_section_are_told(place):
    """A value that stands in no section is warned of, not lost in silence."""
    place.write("rv.toml", "jobs = 1\n[profile.a]\ninherit = 'b'\n")

    warnings = place.load("a").warnings

    assert sorted(
        [
            f"{place.project}/rv.toml:1: 'jobs' stands outside any section and is not read",
            f"{place.project}/rv.toml:3: 'inherit' stands outside any section and is not read",
        ]
    ) == sorted(warnings)


def test_dotenv_forms(place):
    """Comments, export, quotes, escapes and values over several lines are understood."""
    path = place.write(
        ".env",
        "# note\n\nexport A=1\nB = two words # rest\nC='single # $x \\n'\n"
        'D="double \\"q\\" \\n\\z"\nE="over\nlines"\nF=\nexport F\nG=#\nH=a#b\n',
    )

    layer = read_dotenv(path)

    assert {
        "A": "1",
        "B": "two words",
        "C": "single # $x \\n",
        "D": 'double "q" \n\\z',
        "E": "over\nlines",
        "F": "",
        "G": "",
        "H": "a#b",
    } == layer.variables
    assert 10 == layer.lines["F"] + 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A=1\nnonsense\n", r"\.env:2: this line is no assignment"),
        ("A='1\nB=2\n", r"\.env:1: the quote of A is never closed"),
    ],
)
def test_wrong_dotenv_names_the_line(place, text, message):
    """A line that is no assignment is refused; what it says is not repeated."""
    with pytest.raises(ProfileError, match=message):
        read_dotenv(place.write(".env", text))


def test_an_unreadable_dotenv_is_refused(place):
    """A .env that is no text is refused."""
    path = place.project / ".env"
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(ProfileError, match="cannot be read"):
        read_dotenv(path)


NAMES = st.text(string.ascii_letters, min_size=1, max_size=8)


@given(st.dictionaries(NAMES, st.text(max_size=20)))
def test_dotenv_round_trip(tmp_path_factory, variables):
    """What is written in double quotes with escapes is read back, whatever it is."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}
    quoted = {
        name: "".join(escapes.get(c, c) for c in value if c.isprintable() or c in "\n\r")
        for name, value in variables.items()
    }
    path = tmp_path_factory.mktemp("env") / ".env"
    path.write_text("".join(f'{n}="{v}"\n' for n, v in quoted.items()), encoding="utf-8")

    expected = {
        n: "".join(c for c in v if c.isprintable() or c in "\n\r") for n, v in variables.items()
    }
    assert expected == read_dotenv(path).variables


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, st.integers()), max_size=4))
def test_lines_point_to_their_options(sections):
    """For each option the line is the one that it stands on."""
    sections = {s.lower(): {k.lower(): v for k, v in o.items()} for s, o in sections.items()}
    text = "\n".join(
        f"[{s}]\n" + "".join(f"{k} = {v}\n\n" for k, v in options.items())
        for s, options in sections.items()
    )

    lines = option_lines(text)

    for section, options in sections.items():
        for key, value in options.items():
            assert f"{key} = {value}" == text.splitlines()[lines[section, key] - 1]
