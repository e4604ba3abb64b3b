"""Command definitions, their graph, and the plan that is made of them."""

from rvcli.dag.changes import Change
from rvcli.dag.checks import Overlap
from rvcli.dag.command_dag import CommandDAG
from rvcli.dag.definition import CommandDefinition, derive
from rvcli.dag.plan import BLOCKED, DUPLICATE, RUN, UP_TO_DATE, Plan, plan
from rvcli.dag.step import Step

__all__ = [
    "BLOCKED",
    "DUPLICATE",
    "RUN",
    "UP_TO_DATE",
    "Change",
    "CommandDAG",
    "CommandDefinition",
    "Overlap",
    "Plan",
    "Step",
    "derive",
    "plan",
]
