"""The config of the store of predicted pixels."""

from __future__ import annotations

import pytest

from rvcli import keys
from rvcli.data.label_store.label_store_config import LabelStoreConfig


def test_vector_outputs_of_old_messages_are_named_as_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing of a message is lost in silence."""
    config = LabelStoreConfig.builder(keys.SEMANTIC_SEGMENTATION_RASTER).with_uri("/x.tif").build()
    message = config.to_proto()
    message.semantic_segmentation_raster_store.vector_output.add(mode="polygons", class_id=1)
    assert "/x.tif" == LabelStoreConfig.from_proto(message).uri
    assert "vector outputs are left out" in caplog.text
