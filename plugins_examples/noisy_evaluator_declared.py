"""An evaluator that prints a message, written the short way.

Each field is declared once; `with_noise`, validation, the message and the documentation
follow from it.

    [PLUGINS]
    files = ["noisy_evaluator_declared.py"]

    evaluator = rv.EvaluatorConfig.builder("SHORT_NOISY_EVALUATOR").with_noise("Beep!").build()
"""

from __future__ import annotations

import rvcli as rv


class NoisyEvaluator(rv.Evaluator):
    """Says its message and how many scenes there are."""

    def __init__(self, noise: str) -> None:
        self.noise = noise

    def process(self, scenes, tmp_dir):
        """Print the message."""
        print(f"{self.noise} ({len(list(scenes))} scenes)", flush=True)


class NoisyEvaluatorConfig(rv.EvaluatorConfig):
    """Print a message instead of evaluating."""

    key = "SHORT_NOISY_EVALUATOR"
    noise: str = rv.field(default="Beep!", doc="What to print.")

    def create_evaluator(self):
        """Return the evaluator that does the work."""
        return NoisyEvaluator(self.noise)


def register_plugin(plugin_registry):
    """Tell `rv` what this file brings."""
    plugin_registry.register_config(NoisyEvaluatorConfig)
