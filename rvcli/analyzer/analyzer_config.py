"""Family of analyzer configs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.config import BundledConfigMixin, Config, ConfigBuilder

if TYPE_CHECKING:
    from rvcli.analyzer.analyzer import Analyzer


class AnalyzerConfig(BundledConfigMixin, Config):
    """Describes an analyzer, which measures the imagery before anything else runs."""

    group = keys.ANALYZER
    message = "analyzer_pb2:AnalyzerConfig"

    analyzer_type: str

    def create_analyzer(self) -> Analyzer:
        """Create the analyzer."""
        raise NotImplementedError(f"{type(self).__name__} has no create_analyzer")


class AnalyzerConfigBuilder(ConfigBuilder):
    """Base of analyzer config builders."""

    config_class = AnalyzerConfig
