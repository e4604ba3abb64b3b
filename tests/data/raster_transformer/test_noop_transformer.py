"""NoopTransformer."""

from __future__ import annotations

import numpy as np

from rvcli.data.raster_transformer.noop_transformer import NoopTransformer


def test_gives_the_chip_itself() -> None:
    """A chip passes unchanged, whatever its channels."""
    chip = np.zeros((2, 3, 4))
    assert chip is NoopTransformer().transform(chip)
    assert chip is NoopTransformer().transform(chip, [3, 2, 1, 0])
