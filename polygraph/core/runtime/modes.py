"""TF1's switches between its versions' behaviours: there is only TF1's own here."""

from __future__ import annotations

from polygraph.core.ground.errors import UnimplementedError

__all__ = [
    "control_flow_v2_enabled",
    "disable_control_flow_v2",
    "disable_eager_execution",
    "disable_resource_variables",
    "disable_tensor_equality",
    "disable_v2_behavior",
    "disable_v2_tensorshape",
    "enable_eager_execution",
    "enable_resource_variables",
    "executing_eagerly",
    "resource_variables_enabled",
]


def disable_v2_behavior() -> None:
    """Nothing: TF1's behaviour is the only one."""


def disable_eager_execution() -> None:
    """Nothing: programs always build a graph first."""


def disable_resource_variables() -> None:
    """Nothing: variables always follow the rules of reference variables."""


def disable_control_flow_v2() -> None:
    """Nothing: control flow always looks as in TF1."""


def disable_v2_tensorshape() -> None:
    """Nothing: dimensions are always `Dimension` objects."""


def disable_tensor_equality() -> None:
    """Nothing: ``==`` on tensors always compares identity."""


def enable_resource_variables() -> None:
    """Nothing: variables keep the rules of reference variables."""


def resource_variables_enabled() -> bool:
    """False."""
    return False


def control_flow_v2_enabled() -> bool:
    """False."""
    return False


def executing_eagerly() -> bool:
    """False: programs build a graph first."""
    return False


def enable_eager_execution() -> None:
    """Refused.

    Raises:
      UnimplementedError: always.
    """
    msg = "there is no eager execution: build a graph and run it in a tf.Session"
    raise UnimplementedError(None, None, msg)
