"""Compile the message sources to Python.

    python protos/compile.py            writes rvcli/protos/*_pb2.py and *_pb2.pyi
    python protos/compile.py --check    writes nothing; exit 1 when they are stale

Needs the `dev` extra: the generator is pinned there, since code from a newer one demands
a newer protobuf runtime than pyproject.toml admits.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

SOURCE_ROOT = Path(__file__).resolve().parent
REPOSITORY = SOURCE_ROOT.parent
PACKAGE = Path("rvcli/protos")


def generate(out_dir: Path) -> None:
    """Write the generated modules of all sources below `out_dir`.

    Raises:
        SystemExit: the compiler refused a source; it has printed why.
    """
    import grpc_tools
    from grpc_tools import protoc

    bundled = Path(grpc_tools.__file__).parent / "_proto"
    sources = sorted(
        path.relative_to(SOURCE_ROOT).as_posix() for path in (SOURCE_ROOT / PACKAGE).glob("*.proto")
    )
    status = protoc.main(
        [
            "protoc",
            f"--proto_path={SOURCE_ROOT}",
            f"--proto_path={bundled}",
            f"--python_out={out_dir}",
            f"--pyi_out={out_dir}",
            *sources,
        ]
    )
    if status != 0:
        raise SystemExit(status)


def generated_files(root: Path) -> dict[str, str]:
    """Return the text of every generated module below `root`, by file name."""
    return {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted((root / PACKAGE).glob("*_pb2.py*"))
        if path.suffix in {".py", ".pyi"}
    }


def stale_files() -> list[str]:
    """Return the names of generated modules that are missing, outdated or without a source."""
    with tempfile.TemporaryDirectory() as temp:
        generate(Path(temp))
        fresh = generated_files(Path(temp))
    present = generated_files(REPOSITORY)
    return sorted(
        name for name in fresh.keys() | present.keys() if fresh.get(name) != present.get(name)
    )


def main(argv: list[str] | None = None) -> int:
    """Compile, or check, and return the exit status."""
    parser = argparse.ArgumentParser(description="Compile the message sources to rvcli/protos/.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when stale")
    args = parser.parse_args(argv)
    try:
        stale = stale_files()
    except ImportError:
        print("grpc_tools is missing: pip install 'rvcli[dev]'", file=sys.stderr)
        return 2
    if args.check:
        for name in stale:
            print(f"stale: {PACKAGE / name}; run python protos/compile.py", file=sys.stderr)
        return 1 if stale else 0
    for path in (REPOSITORY / PACKAGE).glob("*_pb2.py*"):
        path.unlink()
    generate(REPOSITORY)
    for name in stale:
        print(f"wrote {PACKAGE / name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
