"""An evaluator that prints a message, written the classic way.

Evaluator, config and builder are separate classes, and the config writes and reads its message
by hand. `noisy_evaluator_declared.py` is the same in a quarter of the lines.

    [PLUGINS]
    files = ["noisy_evaluator_classic.py"]

    evaluator = rv.EvaluatorConfig.builder("NOISY_EVALUATOR").with_noise("Beep!").build()
"""

from copy import deepcopy

import rvcli as rv
from rvcli.protos.evaluator_pb2 import EvaluatorConfig as EvaluatorConfigMsg

NOISY_EVALUATOR = "NOISY_EVALUATOR"


class NoisyEvaluator(rv.Evaluator):
    """Does the work: says its message and how many scenes there are."""

    def __init__(self, noise):
        self.noise = noise

    def process(self, scenes, tmp_dir):
        """Print the message."""
        print(f"{self.noise} ({len(list(scenes))} scenes)", flush=True)


class NoisyEvaluatorConfig(rv.EvaluatorConfig):
    """Describes the evaluator, and makes it where it is to work."""

    def __init__(self, noise):
        super().__init__(NOISY_EVALUATOR)
        self.noise = noise

    def to_proto(self):
        """Return the message; what is special to a plugin goes into custom_config."""
        return EvaluatorConfigMsg(
            evaluator_type=self.evaluator_type, custom_config={"noise": self.noise}
        )

    def create_evaluator(self):
        """Return the evaluator that does the work."""
        return NoisyEvaluator(self.noise)

    def report_io(self, command_type, io_def):
        """No file is read or written."""


class NoisyEvaluatorConfigBuilder(rv.EvaluatorConfigBuilder):
    """Builds the config; each `with_` method returns a changed copy."""

    def __init__(self, prev=None):
        super().__init__(NoisyEvaluatorConfig, {"noise": prev.noise if prev else "Beep!"})

    def from_proto(self, msg):
        """Return a builder with the values of a message."""
        return self.with_noise(msg.custom_config["noise"])

    def with_noise(self, noise):
        """Set the message to print."""
        b = deepcopy(self)
        b.config["noise"] = noise
        return b


def register_plugin(plugin_registry):
    """Tell `rv` what this file brings."""
    plugin_registry.register_config_builder(
        rv.EVALUATOR, NOISY_EVALUATOR, NoisyEvaluatorConfigBuilder
    )
