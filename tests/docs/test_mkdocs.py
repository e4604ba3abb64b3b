"""What mkdocs is told of the pages, and the pictures."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def load(name: str) -> ModuleType:
    """Load a script of docs/."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


hooks = load("mkdocs_hooks")
pictures = load("pictures")


def markdown(text: str, page: str = "how-to/data.md") -> str:
    """Rewrite a page as mkdocs gets it."""
    file = SimpleNamespace(file=SimpleNamespace(src_uri=page))
    return str(hooks.on_page_markdown(text, file, None, None))


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("[a](files.md#s3)", "[a](files.md#s3)"),
        ("[a](../index.md)", "[a](../index.md)"),
        ("[a](../../README.md)", "[a](../sources/README.md)"),
        ("[a](../../examples/tiny_town)", "[a](../sources/examples/tiny_town/README.md)"),
        ("[a](../../examples/zanzibar)", "[a](../sources/examples/zanzibar/experiment.py.md)"),
        ("[a](https://example.org/README.md)", "[a](https://example.org/README.md)"),
        ("[a](nothing.md)", "[a](nothing.md)"),
    ],
)
def test_links_that_leave_the_guide_lead_to_a_page(link: str, expected: str) -> None:
    """A link to a file of the repository leads to the page that shows it; others stay."""
    assert expected == markdown(link)


def test_file_names_become_titles() -> None:
    """The name that a comment gives to a block is its title."""
    text = "<!-- file: rv.toml -->\n```toml\n[RV]\n```"
    assert '```toml title="rv.toml"\n[RV]\n```' == markdown(text)


def test_pipes_in_tables() -> None:
    """Code in a table shows a pipe, not its escape; blocks stay as they are."""
    assert "| <code>int &#124; None</code> |" == markdown("| `int \\| None` |")
    block = "```sh\necho `a \\| b`\n```"
    assert block == markdown(block)


@pytest.mark.parametrize(
    "element",
    [
        '<script src="https://example.org/a.js"></script>',
        '<img alt="" src=//example.org/a.png>',
        '<link href="https://example.org/a.css" rel="stylesheet">',
    ],
)
def test_pages_load_nothing_from_elsewhere(element: str, tmp_path: Path) -> None:
    """A built page that loads something from another host is refused; links there are fine."""
    config = SimpleNamespace(site_dir=str(tmp_path))
    (tmp_path / "a.html").write_text('<a href="https://example.org">there</a>', encoding="utf-8")
    hooks.on_post_build(config)
    (tmp_path / "b.html").write_text(element, encoding="utf-8")
    with pytest.raises(hooks.PluginError, match=r"b\.html loads from another host"):
        hooks.on_post_build(config)


def test_a_screen_keeps_what_is_not_drawn_over() -> None:
    """Of progress that is drawn over and over, what comes last stays."""
    written = "plan\r\n\x1b[?25l\r\x1b[2K1 of 2\r\x1b[2Kdone\r\n2 of 2\r\x1b[2K\x1b[?25h\rend\r\n"
    assert ["plan", "done", "end"] == pictures.screen(written)


def test_a_terminal_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture has what was written, and loads no font."""
    monkeypatch.setattr(pictures, "REPOSITORY", tmp_path)
    pictures.picture_of_terminal("rv ls", "\x1b[1mname\x1b[0m\r\ntown\r\n", tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "town" in text
    assert "url(http" not in text
    assert "@font-face" not in text
