"""Run `rv` as `python -m rvcli`."""

from __future__ import annotations

import sys

from rvcli.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
