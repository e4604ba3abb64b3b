"""Values that builders are tried with."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from rvcli.verify.samples import NoSampleError, arguments_for, sample_for


@pytest.mark.parametrize(
    ("name", "annotation", "present", "expected"),
    [
        ("x", int, None, 7),
        ("x", bool, None, True),
        ("x", float | None, None, 0.25),
        ("x", str, None, "sample"),
        ("model_uri", str, None, "s3://bucket/sample"),
        ("x", list[int], None, [7]),
        ("x", set[str], None, {"sample"}),
        ("x", tuple[int, str], None, (7, "sample")),
        ("x", tuple[int, ...], None, (7,)),
        ("x", dict[str, int], None, {"sample": 7}),
        ("x", list, None, ["sample"]),
        ("x", Literal["a", "b"], None, "b"),
        ("x", None, True, False),
        ("x", None, 3, 4),
        ("x", None, 0.5, 0.25),
        ("x", Any, "text", "text-sample"),
        ("x", None, (1, 2), (1, 2)),
        ("uris", None, None, ["s3://bucket/sample"]),
        ("uri", None, None, "s3://bucket/sample"),
        ("drop_prob", None, None, 0.25),
        ("num_epochs", None, None, 7),
        ("is_fast", None, None, True),
    ],
)
def test_samples_fit(name: str, annotation: Any, present: Any, expected: Any) -> None:
    """A sample follows the annotation, else the present value, else the name."""
    assert expected == sample_for(name, annotation, present)


@pytest.mark.parametrize(
    ("annotation", "present"), [(object, None), (None, object()), (None, None)]
)
def test_objects_cannot_be_made_up(annotation: Any, present: Any) -> None:
    """What wants an object of some class has no sample."""
    with pytest.raises(NoSampleError):
        sample_for("x", annotation, present)


def test_text_is_the_guess() -> None:
    """Where nothing shows what is wanted, a text is tried if that is asked for."""
    assert "sample" == sample_for("noise", guess=True)


def test_arguments_follow_the_signature() -> None:
    """Arguments come from annotations, present values and defaults; objects keep theirs."""

    def method(a: int, b: object = None, *rest: Any, c: float = 0.5, d: Absent = 1, **more: Any):  # type: ignore[no-untyped-def, name-defined] # noqa: F821
        pass

    assert {"a": 7, "c": 0.25, "d": 2} == arguments_for(method, {"a": 3})


def test_methods_that_want_objects_are_left_alone() -> None:
    """A method that needs an object cannot be tried."""

    def method(task: object) -> None:
        pass

    assert None is arguments_for(method, {})
