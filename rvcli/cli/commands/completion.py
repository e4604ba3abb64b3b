"""`rv completion`: print the script that makes a shell complete `rv`."""

from __future__ import annotations

import click

from rvcli.cli.options import shared_options
from rvcli.cli.program import Program

SHELLS = ("bash", "zsh", "fish")
# What click's scripts lack: parts of them, and what takes their place.
_CHANGES = (
    # Without it bash puts a space after a folder, as if that were what was meant.
    (
        "\n    return 0\n",
        "\n    [[ ${COMPREPLY[0]} == */ ]] && compopt -o nospace\n    return 0\n",
    ),
    # In names there are spaces; a tilde is one no more once it is quoted.
    (
        "            COMPREPLY+=($value)\n",
        "            printf -v value '%q' \"$value\"\n"
        "            [[ $value == '\\~'* ]] && value=${value:1}\n"
        '            COMPREPLY+=("$value")\n',
    ),
    # So does zsh put a space after a folder.
    (
        '    if [ -n "$completions" ]; then\n',
        '    local -a folders=("${(@M)completions:#*/}")\n'
        '    completions=("${(@)completions:#*/}")\n'
        '    if [ -n "$folders" ]; then\n'
        "        compadd -U -V unsorted -S '' -a folders\n"
        "    fi\n"
        '    if [ -n "$completions" ]; then\n',
    ),
)


@click.command("completion", cls=Program)
@click.argument("shell", type=click.Choice(SHELLS))
@shared_options()
def command(shell: str) -> None:
    """Print the script that makes a shell complete rv after TAB.

    It completes commands, options, experiment files, runners, keys and profiles. To install it,
    once:

    \b
    bash (4.4 or newer)
      rv completion bash > ~/.rv-complete.bash
      echo 'source ~/.rv-complete.bash' >> ~/.bashrc
    zsh
      rv completion zsh > ~/.rv-complete.zsh
      echo 'source ~/.rv-complete.zsh' >> ~/.zshrc   (below the line with compinit)
    fish
      mkdir -p ~/.config/fish/completions
      rv completion fish > ~/.config/fish/completions/rv.fish

    Then open a new terminal, or source the script in this one.
    """  # noqa: D301 - click's mark of lines that stay as they are
    from click.shell_completion import BashComplete, FishComplete, ZshComplete

    from rvcli.cli.main import main

    kinds = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
    completer = kinds[shell](main, {}, "rv", "_RV_COMPLETE")
    # Not source(): it starts bash to ask for its version, which may be absent here.
    script = completer.source_template % completer.source_vars()
    for part, better in _CHANGES:
        script = script.replace(part, better, 1)
    print(script)
