r"""What mkdocs has to know of these pages, which are written for a plain git host.

- Links that leave docs/, to an example or a plugin, lead to a page that shows the file.
- `<!-- file: NAME -->` before a block is the title of the block.
- A pipe in the code of a table is written `\|`; a git host leaves out the backslash.
- The built pages load nothing from another host, or the build fails.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from html import escape
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

REPOSITORY = Path(__file__).resolve().parents[1]
# Where pages that show files of the repository are.
SOURCES = "sources"

_FENCED = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r'(?P<before>\]\(|(?:src|srcset)=")(?P<target>[^)\s"#]+)')
_TITLE = re.compile(r"^<!-- file: (.*) -->\n```(\w+)$", re.MULTILINE)
_PIPE_IN_CODE = re.compile(r"`([^`\n]*\\\|[^`\n]*)`")
_LOADED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\ssrc(?:set)?=["']?(?:https?:)?//[^>]*>"""
    r"""|<link\b(?=[^>]*rel=["']?(?:stylesheet|preconnect|preload|icon))"""
    r"""[^>]*href=["']?(?:https?:)?//[^>]*>"""
)

# The file of the repository that a page shows, by the page.
_shown: dict[str, str] = {}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each file of the repository that a page links to, and so on."""
    _shown.clear()
    todo = {f"docs/{file.src_uri}": file.content_string for file in files.documentation_pages()}
    while todo:
        path, text = todo.popitem()
        for found in _LINK.finditer(_FENCED.sub("", text)):
            file = _file(_target(path, found["target"]))
            if file is None or file.startswith("docs/") or _page_of(file) in _shown:
                continue
            _shown[_page_of(file)] = file
            content = _content(file)
            files.append(
                File.generated(
                    config, _page_of(file), content=content, inclusion=InclusionLevel.NOT_IN_NAV
                )
            )
            todo[file] = content
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Write what a git host understands as mkdocs does."""
    own = page.file.src_uri
    path = _shown.get(own, f"docs/{own}")

    def follow(found: re.Match[str]) -> str:
        file = _file(_target(path, found["target"]))
        if file is None:
            return found[0]
        to = file.removeprefix("docs/") if file.startswith("docs/") else _page_of(file)
        return found["before"] + posixpath.relpath(to, posixpath.dirname(own) or ".")

    markdown = _outside_fences(markdown, lambda text: _LINK.sub(follow, text))
    markdown = _outside_fences(markdown, lambda text: _PIPE_IN_CODE.sub(_code, text))
    return _TITLE.sub(r'```\2 title="\1"', markdown)


def on_post_build(config: MkDocsConfig) -> None:
    """Refuse pages that load something from another host."""
    site = Path(config.site_dir)
    for path in sorted(site.rglob("*.html")):
        found = _LOADED.search(path.read_text(encoding="utf-8"))
        if found is not None:
            raise PluginError(f"{path.relative_to(site)} loads from another host: {found[0]}")


def _target(path: str, link: str) -> str | None:
    """Return what a link on a page means, as a path of the repository; None elsewhere."""
    if ":" in link or link.startswith("/"):
        return None
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
    return None if target.startswith("..") else target


def _file(target: str | None) -> str | None:
    """Return the file to show for a path: of a directory, what says most of it."""
    if target is None:
        return None
    for file in (target, f"{target}/README.md", f"{target}/experiment.py"):
        if (REPOSITORY / file).is_file():
            return file
    return None


def _page_of(file: str) -> str:
    return f"{SOURCES}/{file}" if file.endswith(".md") else f"{SOURCES}/{file}.md"


def _content(file: str) -> str:
    text = (REPOSITORY / file).read_text(encoding="utf-8")
    if file.endswith(".md"):
        return text
    language = "python" if file.endswith(".py") else "text"
    return f"# {file}\n\n````{language}\n{text}\n````\n"


def _outside_fences(text: str, change: Callable[[str], str]) -> str:
    """Change a text, but for its blocks of code."""
    changed, end = [], 0
    for found in _FENCED.finditer(text):
        changed += [change(text[end : found.start()]), found[0]]
        end = found.end()
    return "".join([*changed, change(text[end:])])


def _code(found: re.Match[str]) -> str:
    return f"<code>{escape(found[1].replace(chr(92) + '|', '|')).replace('|', '&#124;')}</code>"
