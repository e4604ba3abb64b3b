"""The page on options of a profile."""

from __future__ import annotations

from collections.abc import Iterator

from rvcli.profile import options
from writers.markdown import table


def settings_page() -> Iterator[str]:
    """Yield the paragraphs of the page on options of a profile."""
    yield "# Settings"
    yield (
        "What a profile can say. [Profiles](../how-to/profiles.md) explains where these options"
        " stand and which wins; `rv config show --origin` prints what is in force. Every option is"
        " also read from the environment, as `SECTION_KEY` or `RV_SECTION_KEY`, and set by"
        " `--set SECTION.KEY=VALUE`. Options under a section that a plugin reads are the plugin's."
    )
    for section in options.SECTIONS:
        yield f"## [{section}]"
        rows = [
            [
                f"`{option.key}`",
                f"{option.type}{_choices(option)}",
                _setting_default(option),
                option.doc,
            ]
            for option in options.OPTIONS
            if option.section == section
        ]
        yield table(["option", "type", "default", "meaning"], rows)
    yield "## Environment variables"
    variables = {
        "RV_PROFILE": "The profile to use, as `-p`.",
        "RV_CONFIG": "A profile file that is stronger than those found, as `--config`.",
        "RV_CONFIG_DIR": "The directory of your own profiles, instead of the platform's.",
        "RV_LOAD_PLUGINS": "Which installed distributions to load as plugins; stronger than"
        " `PLUGINS.entry_points`. Empty or `none`: no plugins at all, files and modules neither.",
    }
    if set(variables) != options.RESERVED_VARIABLES:
        raise SystemExit("docs/generate.py must describe the reserved variables")
    yield "These steer `rv` itself and are never read as `SECTION_KEY`."
    yield table(["variable", "meaning"], [[f"`{n}`", text] for n, text in variables.items()])


def _choices(option: options.Option) -> str:
    if option.choices:
        return ": " + ", ".join(f"`{choice}`" for choice in option.choices)
    return f", at least {option.minimum:g}" if option.minimum is not None else ""


def _setting_default(option: options.Option) -> str:
    if option.default is None:
        return ""
    return f"`{list(option.default) if option.type == 'list' else option.default}`"
