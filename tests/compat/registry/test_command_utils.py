"""`rastervision.command.utils`."""

from __future__ import annotations

from typing import Any

import pytest


def test_what_is_right_passes(experiment: Any, home: Any) -> None:
    """Configs of the family are let through."""
    from rastervision.command import utils

    utils.check_task_type(experiment.task)
    utils.check_backend_type(experiment.backend)
    utils.check_scenes_type(iter(experiment.dataset.train_scenes))
    utils.check_analyzers_type(experiment.analyzers)


@pytest.mark.parametrize("function", ["check_task_type", "check_backend_type"])
def test_what_is_wrong_is_named(function: str) -> None:
    """The error says what there should be, and what there is."""
    import rastervision as rv
    from rastervision.command import utils

    with pytest.raises(rv.ConfigError, match=r"must be of type .*Config, not str"):
        getattr(utils, function)("x")


@pytest.mark.parametrize("function", ["check_scenes_type", "check_analyzers_type"])
@pytest.mark.parametrize(
    ("value", "message"), [([1], r"\[0\] must be of type .*Config, not int"), (3, "not a list")]
)
def test_every_item_is_checked(function: str, value: Any, message: str) -> None:
    """Lists are looked through."""
    import rastervision as rv
    from rastervision.command import utils

    with pytest.raises(rv.ConfigError, match=message):
        getattr(utils, function)(value)


def test_a_builder_is_no_config() -> None:
    """The hint says what is missing."""
    import rastervision as rv
    from rastervision.command.utils import check_task_type

    with pytest.raises(rv.ConfigError) as caught:
        check_task_type(rv.TaskConfig.builder(rv.OBJECT_DETECTION))
    assert "end it with .build()" == caught.value.hint
