"""From a backend's spec to a live backend."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.backend import CONTRACT_VERSION
from polygraph.core.ground.errors import BackendNotFoundError, BrokenPluginError, ContractError
from polygraph.core.ground.hooks import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polygraph.core.ground.backend import Backend, BackendSpec, Lowering
    from polygraph.core.ground.op import Op

_OURS = (BackendNotFoundError, BrokenPluginError, ContractError)


class SpecPlugin:
    """A backend's spec as a pluggy plugin.

    Attributes:
      spec: the spec.
      label: ``name@distribution``.
    """

    def __init__(self, spec: BackendSpec, label: str) -> None:
        self.spec = spec
        self.label = label

    @hookimpl(trylast=True)
    def polygraph_make_backend(
        self,
        name: str,
        device: str,
        config: Mapping[str, Any],
        lowerings: Mapping[Op, Lowering],
    ) -> Backend | None:
        """Make the backend if it is the one asked for.

        Raises:
          BrokenPluginError: its factory cannot be imported, or raised.
          ValueError: the factory's, for a device or option that it does not have.
        """
        if name != self.label:
            return None
        make = self._factory()
        arguments: list[Any] = [device or self.spec.capabilities.devices[0], config]
        if max(self.spec.contract) >= CONTRACT_VERSION:
            arguments.append(lowerings)
        try:
            return make(*arguments)  # type: ignore[no-any-return]
        except (*_OURS, KeyboardInterrupt):
            raise
        except ValueError as error:
            error.add_note(f"raised by {self.spec.factory} of backend {self.label}")
            raise
        except BaseException as error:
            raise self._broken(f"{self.spec.factory} raised", error) from error

    def _factory(self) -> Callable[..., Any]:
        module, _, attribute = self.spec.factory.partition(":")
        try:
            make: Any = getattr(importlib.import_module(module), attribute)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise self._broken(
                f"its factory {self.spec.factory} failed to import", error
            ) from error
        if not callable(make):
            raise BrokenPluginError(
                f"backend {self.label}: its factory {self.spec.factory} is {make!r}, no function",
                fix='name a function as "module:function"',
            )
        return make  # type: ignore[no-any-return]

    def _broken(self, what: str, error: BaseException) -> BrokenPluginError:
        distribution = self.label.partition("@")[2]
        return BrokenPluginError(
            f"backend {self.label}: {what}: {type(error).__name__}: {error}",
            fix=f"reinstall or uninstall {distribution}, or report it to its authors",
        )
