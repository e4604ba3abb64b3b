"""What an artifact was made from, by which commands: told by the records beside outputs."""

from rvcli.lineage.content import Input, Lineage, Maker
from rvcli.lineage.find import Finder
from rvcli.lineage.trace import trace

__all__ = ["Finder", "Input", "Lineage", "Maker", "trace"]
