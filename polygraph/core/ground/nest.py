"""Nested structures: lists, tuples, named tuples and dicts, and composite values such as slices.

Dicts are walked in the order of their sorted keys. A composite (a class that was registered with
its parts) counts as a leaf, or as the tuple of its parts where ``expand`` says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from polygraph.core.ground.indexed_slices import IndexedSlices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class _Composite(NamedTuple):
    parts: Callable[[Any], Sequence[Any]]
    build: Callable[[Any, Sequence[Any]], Any]


_composites: dict[type, _Composite] = {}


def register_composite(
    cls: type, parts: Callable[[Any], Sequence[Any]], build: Callable[[Any, Sequence[Any]], Any]
) -> None:
    """Let ``expand`` take instances of ``cls`` apart.

    Args:
      cls: the class itself; subclasses are registered on their own.
      parts: gives an instance's parts.
      build: ``build(like, parts)`` gives an instance like ``like`` of new parts.
    """
    _composites[cls] = _Composite(parts, build)


def _slices_parts(value: IndexedSlices) -> Sequence[Any]:
    parts = (value.values, value.indices)
    return parts if value.dense_shape is None else (*parts, value.dense_shape)


register_composite(IndexedSlices, _slices_parts, lambda _, parts: IndexedSlices(*parts))


def is_nested(value: Any) -> bool:
    """Whether ``value`` holds others: a list, tuple or dict."""
    return isinstance(value, list | tuple | dict)


def _children(value: Any, *, expand: bool) -> Sequence[Any] | None:
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    if isinstance(value, list | tuple):
        return value
    if expand and type(value) in _composites:
        return _composites[type(value)].parts(value)
    return None


def flatten(value: Any, *, expand: bool = False) -> list[Any]:
    """The leaves of ``value`` from left to right."""
    result: list[Any] = []
    pending = [value]
    while pending:
        item = pending.pop()
        children = _children(item, expand=expand)
        if children is None:
            result.append(item)
        else:
            pending.extend(reversed(children))
    return result


def _rebuilt(like: Any, children: list[Any]) -> Any:
    if isinstance(like, dict):
        values = dict(zip(sorted(like), children, strict=True))
        return type(like)((key, values[key]) for key in like)
    if isinstance(like, list):
        return children
    if isinstance(like, tuple):
        return type(like)(*children) if hasattr(like, "_fields") else tuple(children)
    return _composites[type(like)].build(like, children)


def _pack(like: Any, leaves: Iterator[Any], *, expand: bool) -> Any:
    children = _children(like, expand=expand)
    if children is None:
        return next(leaves)
    return _rebuilt(like, [_pack(child, leaves, expand=expand) for child in children])


def pack_like(like: Any, leaves: Sequence[Any], *, expand: bool = False) -> Any:
    """A structure like ``like`` with other leaves.

    Raises:
      ValueError: the number of leaves differs.
    """
    wanted = len(flatten(like, expand=expand))
    if wanted != len(leaves):
        msg = f"The structure has {wanted} elements, but {len(leaves)} were given"
        raise ValueError(msg)
    return _pack(like, iter(leaves), expand=expand)


def map_leaves(function: Callable[..., Any], *values: Any, expand: bool = False) -> Any:
    """The structure of the results of ``function`` on the leaves of structures of one form."""
    columns = [flatten(value, expand=expand) for value in values]
    return pack_like(
        values[0], [function(*row) for row in zip(*columns, strict=True)], expand=expand
    )


def _kind(value: Any) -> Any:
    if isinstance(value, dict):
        return ("dict", *sorted(value))
    if isinstance(value, list | tuple):
        return (type(value).__name__ if hasattr(value, "_fields") else type(value), len(value))
    return None


def require_same_structure(one: Any, other: Any, *, same_types: bool = True) -> None:
    """Refuse two structures that differ in more than their leaves.

    Args:
      one: a structure.
      other: a structure.
      same_types: a list and a tuple of the same length differ.

    Raises:
      ValueError: they differ in form.
      TypeError: only the types of sequences differ.
    """
    pending = [(one, other)]
    while pending:
        first, second = pending.pop()
        kinds = _kind(first), _kind(second)
        if kinds[0] == kinds[1]:
            pass
        elif None in kinds or "dict" in (kinds[0][0], kinds[1][0]) or len(first) != len(second):
            msg = (
                "The two structures don't have the same nested structure.\n\n"
                f"First structure: {one!r}\n\nSecond structure: {other!r}"
            )
            raise ValueError(msg)
        elif same_types:
            msg = (
                "The two structures don't have the same sequence type: "
                f"{type(first).__name__} in {one!r}, {type(second).__name__} in {other!r}"
            )
            raise TypeError(msg)
        if kinds[0] is not None:
            pending.extend(
                zip(
                    _children(first, expand=False) or (),
                    _children(second, expand=False) or (),
                    strict=True,
                )
            )
