"""Run `rv` as `python -m rvcli`."""

from __future__ import annotations

from rvcli.cli.main import main

if __name__ == "__main__":
    main()
