"""INI profile files: `.rastervision` and whatever does not end in .toml."""

from __future__ import annotations

import configparser
from pathlib import Path

from rvcli.errors import ProfileError
from rvcli.profile.files import FileProfile, ProfileFile, collect
from rvcli.profile.lines import option_lines


def parse_ini(text: str, path: Path) -> ProfileFile:
    """Read the text of an INI profile file; `%` and `$` have no special meaning.

    Raises:
        ProfileError: the syntax is wrong, or something is set twice; names file and line.
    """
    parser = configparser.ConfigParser(
        interpolation=None,
        default_section="\0",  # [DEFAULT] is a section like any other
        inline_comment_prefixes=("#",),
        empty_lines_in_values=False,
    )
    try:
        parser.read_string(text, source=str(path))
    except configparser.Error as e:
        line, message = _explain(e)
        raise ProfileError(
            f"{path}:{line}: {message}",
            hint="an INI file has [SECTION] lines and key = value lines",
        ) from e
    sections = {name: dict(parser.items(name)) for name in parser.sections()}
    return ProfileFile(path, FileProfile(collect(sections, path, option_lines(text))))


def _explain(error: configparser.Error) -> tuple[int, str]:
    if isinstance(error, configparser.MissingSectionHeaderError):
        return error.lineno, f"{error.line.strip()!r} stands before the first [SECTION]"
    if isinstance(error, configparser.DuplicateOptionError):
        return error.lineno or 1, f"{error.section}.{error.option} is set twice"
    if isinstance(error, configparser.DuplicateSectionError):
        return error.lineno or 1, f"the section [{error.section}] occurs twice"
    errors = getattr(error, "errors", [])
    line, source = errors[0] if errors else (1, error.message)
    # Before Python 3.13 this is the repr of the line.
    text = source.strip().strip("'\"").removesuffix("\\n")
    return line, f"{text!r} is neither a [SECTION] nor key = value"
