"""`rv completion`: print the script that makes a shell complete `rv`."""

from __future__ import annotations

import click

from rvcli.cli.options import shared_options
from rvcli.cli.program import Program

SHELLS = ("bash", "zsh", "fish")
# Without it bash puts a space after a folder, as if that were what was meant.
_BASH_END = "\n    return 0\n"
_BASH_STAYS_IN_FOLDERS = "\n    [[ ${COMPREPLY[0]} == */ ]] && compopt -o nospace"


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
    print(script.replace(_BASH_END, _BASH_STAYS_IN_FOLDERS + _BASH_END, 1))
