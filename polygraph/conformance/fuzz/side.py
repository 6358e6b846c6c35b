"""A backend as it is named to the fuzzer: with options of its own, where it is given some."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, Self

import polygraph as tf


class Side(NamedTuple):
    """One of the two that are compared.

    Attributes:
      backend: ``name[@distribution][:device]``.
      options: what the session passes to the backend.
    """

    backend: str
    options: dict[str, Any]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``backend[,option=value...]``; a value is JSON, or text where it is no JSON.

        Raises:
          ValueError: an option has no value.
        """
        backend, *pairs = text.split(",")
        options = {}
        for pair in pairs:
            name, given, value = pair.partition("=")
            if not given:
                msg = f"{text!r}: the option {name!r} has no value: write {name}=VALUE"
                raise ValueError(msg)
            options[name] = _value(value)
        return cls(backend, options)

    @property
    def config(self) -> tf.ConfigProto:
        """For a session."""
        return tf.ConfigProto(backend=self.backend, backend_options=self.options)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
