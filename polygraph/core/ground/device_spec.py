"""`DeviceSpec`: a device by its parts."""

from __future__ import annotations

from typing import Any, Self

from polygraph.core.ground.placement import device_parts

_FIELDS = ("job", "replica", "task", "device_type", "device_index")


class DeviceSpec:
    """A device, or as much of one as is named; `tf.device` takes it as it takes a string.

    Attributes:
      job: name of the job.
      replica: number of the replica.
      task: number of the task.
      device_type: ``"CPU"``, ``"GPU"``, ...
      device_index: number of the device; None for any.
    """

    def __init__(
        self,
        job: str | None = None,
        replica: int | None = None,
        task: int | None = None,
        device_type: str | None = None,
        device_index: int | None = None,
    ) -> None:
        self.job = job
        self.replica = replica
        self.task = task
        self.device_type = None if device_type is None else device_type.upper()
        self.device_index = device_index

    @classmethod
    def from_string(cls, spec: str) -> Self:
        """The device that a string such as ``"/job:ps/task:3/cpu:1"`` names.

        Raises:
          ValueError: it names none.
        """
        return cls().parse_from_string(spec)

    def parse_from_string(self, spec: str) -> Self:
        """Become the device that a string names; errors as of `from_string`."""
        named = {key: part.split(":")[1:] for key, part in device_parts(spec).items()}
        kind, index = named.get("device", (None, "*"))
        self.job = named.get("job", [None])[0]
        self.replica, self.task = (_number(named.get(key, ["*"])[0]) for key in ("replica", "task"))
        self.device_type, self.device_index = kind, _number(index)
        return self

    def merge_from(self, dev: DeviceSpec) -> None:
        """Take over what another device names."""
        for field in _FIELDS:
            value = getattr(dev, field)
            if value is not None:
                setattr(self, field, value)

    def to_string(self) -> str:
        """The device in TF1's canonical spelling, ``""`` where nothing is named."""
        named = (("job", self.job), ("replica", self.replica), ("task", self.task))
        text = "".join(f"/{key}:{value}" for key, value in named if value is not None)
        if self.device_type is None:
            return text
        index = "*" if self.device_index is None else self.device_index
        return f"{text}/device:{self.device_type}:{index}"

    def __eq__(self, other: object) -> bool:
        """The same parts."""
        return isinstance(other, DeviceSpec) and _values(other) == _values(self)

    def __hash__(self) -> int:
        """By its parts."""
        return hash(_values(self))

    def __str__(self) -> str:
        return self.to_string()

    def __repr__(self) -> str:
        parts = zip(_FIELDS, _values(self), strict=True)
        named = ", ".join(f"{field}={value!r}" for field, value in parts if value is not None)
        return f"DeviceSpec({named})"


def _values(spec: DeviceSpec) -> tuple[Any, ...]:
    return tuple(getattr(spec, field) for field in _FIELDS)


def _number(text: Any) -> int | None:
    return None if text == "*" else int(text)
