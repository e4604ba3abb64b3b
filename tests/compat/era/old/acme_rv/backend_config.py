from copy import deepcopy
from typing import List

import rastervision as rv
from rastervision.backend.simple_backend_config import (SimpleBackendConfig,
                                                        SimpleBackendConfigBuilder)
from rastervision.task.api import *

from acme_rv.backend import AcmeChips
from acme_rv.keys import ACME_CHIPS


class TrainOptions():
    def __init__(self, num_trees=None, max_depth=None, bands=None, balance=None):
        self.num_trees = num_trees
        self.max_depth = max_depth
        self.bands = bands
        self.balance = balance

    def __setattr__(self, name, value):
        # Struct knows no integers.
        if name in ['num_trees', 'max_depth'] and isinstance(value, float):
            value = int(value)
        super().__setattr__(name, value)


class AcmeChipsConfig(SimpleBackendConfig):
    train_opts_class = TrainOptions
    backend_type = ACME_CHIPS
    backend_class = AcmeChips


class AcmeChipsConfigBuilder(SimpleBackendConfigBuilder):
    config_class = AcmeChipsConfig

    def _applicable_tasks(self) -> List[str]:
        return [CHIP_CLASSIFICATION]

    def with_train_options(self,
                           num_trees: int = 50,
                           max_depth: int = None,
                           bands: List[int] = None,
                           balance: bool = True):
        """Set options for training models.

        Args:
            num_trees: how many trees grow
            max_depth: how high
            bands: if set, those that are looked at
            balance: if True, rare classes weigh more
        """
        b = deepcopy(self)
        b.train_opts = TrainOptions(
            num_trees=num_trees, max_depth=max_depth, bands=bands, balance=balance)
        return b

    def with_pretrained_uri(self, pretrained_uri: str):
        """pretrained_uri: trees to go on with"""
        return super().with_pretrained_uri(pretrained_uri)
