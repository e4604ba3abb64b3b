"""rv.toml.example: complete, and true."""

from __future__ import annotations

import re
from pathlib import Path

from rvcli.profile import options
from rvcli.profile.convert import convert
from rvcli.profile.files import read

EXAMPLE = Path(__file__).parents[2] / "rv.toml.example"


def uncommented() -> str:
    """The example with every option that is commented out put into force."""
    return re.sub(r"^# (\w+ = )", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_example_holds_every_option_and_no_other(tmp_path):
    """Every declared option is there, and nothing that is not declared."""
    (tmp_path / "rv.toml").write_text(uncommented(), encoding="utf-8")

    values = read(tmp_path / "rv.toml").shared.layer.values

    assert {(o.section, o.key) for o in options.OPTIONS} == set(values)


def test_every_example_value_is_of_its_type(tmp_path):
    """Every value of the example is one that the option takes."""
    (tmp_path / "rv.toml").write_text(uncommented(), encoding="utf-8")

    for (section, key), found in read(tmp_path / "rv.toml").shared.layer.values.items():
        option = options.find(section, key)
        assert option is not None
        convert(option, found.value, str(tmp_path))


def test_what_the_example_sets_is_the_default(tmp_path):
    """Copied as it is, the example changes nothing."""
    (tmp_path / "rv.toml").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")

    for (section, key), found in read(tmp_path / "rv.toml").shared.layer.values.items():
        option = options.find(section, key)
        default = list(option.default) if option.type == "list" else option.default
        assert default == convert(option, found.value, "")


def test_every_section_and_option_has_a_comment():
    """Each section and option stands right below a comment, blank lines aside."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    shared = lines[: next(i for i, line in enumerate(lines) if line.startswith("[profile."))]
    for position, line in enumerate(shared):
        if re.match(r"^(# )?\w+ = |^\[", line):
            assert shared[position - 1].startswith("# "), line


def test_the_profiles_of_the_example_can_be_chosen(place):
    """The example's named profiles load and inherit."""
    place.write("rv.toml", EXAMPLE.read_text(encoding="utf-8"))

    settings = place.load("debug")

    assert (1, "debug") == (settings.get("RV", "jobs"), settings.get("RV", "log_level"))
    assert [] == settings.warnings
