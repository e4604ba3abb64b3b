"""Generated message modules. Sources: protos/rvcli/protos; see protos/compile.py."""
