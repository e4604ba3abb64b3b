"""The commands of `rv`, one file each; `rvcli.cli.group` names them."""
