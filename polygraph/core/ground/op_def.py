"""Op definitions: one record for each op type of a graph.

An op definition says everything about a TF1 op type in one place: its inputs and dtypes, its
static shape, its gradient, and its meaning as a *lowering*, a function over primitives. Calling
the definition adds an operation of that type to the default graph.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from polygraph.core.ground import shape_rules
from polygraph.core.ground.apply import apply_op
from polygraph.core.ground.op_spec import GradientState, HiddenState, Kind, ShapeContext, parse_args
from polygraph.core.ground.parameters import parameters_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.op_spec import Arg
    from polygraph.core.ground.tensor_shape import TensorShape

    Gradient = Callable[..., Sequence[Any] | Any]
    ShapeRule = Callable[[ShapeContext], Sequence[Any] | TensorShape]
    Partial = Sequence[int | None] | None
    PartialRule = Callable[[ShapeContext], Partial]
    Sample = tuple[Any, ...]

OP_DEFS: dict[str, OpDef] = {}
"""Every op definition by TF1 op type."""


class OpDef:
    """The record of one op type; see the module's text.

    Attributes:
      type: TF1's op type.
      inputs: the inputs, in order.
      outputs: the outputs, in order.
      dtypes: for each dtype variable, the dtypes it may be; the first is the default where no
        input decides it.
      lower: the meaning. Positional: one array for each input (a list for a list input), with
        current values for variables, then the hidden state; keyword-only: attributes. Returns the
        outputs. For `Kind.WRITE` it returns the new value of each of `writes` first, and then the
        outputs that are no refs: a ref output is the first new value. The operand of a ref in
        `overwrites` may be None.
      static: inputs whose value is needed to know a shape or to lower.
      writes: ref inputs that get a new value; others are only read.
      overwrites: ref inputs whose old value is never read.
      hidden: state of the operation's own.
      propagates: where the graph alone decides its inputs, it decides its outputs too.
      broadcasts: inputs may be repeated to fit each other, which a gradient has to undo.
      samples: operands (arrays) and attributes for conformance.
    """

    def __init__(
        self,
        op_type: str,
        signature: str,
        lower: Callable[..., Any],
        *,
        kind: Kind,
        shape: ShapeRule | None,
        static: Sequence[str],
        writes: Sequence[str],
        overwrites: Sequence[str],
        hidden: Sequence[HiddenState],
        samples: Sequence[Sample],
        stateful: bool,
        dtypes: Mapping[str, tuple[DType, ...]],
    ) -> None:
        inputs, _, outputs = signature.partition("->")
        self.type = op_type
        self.signature = signature
        self.inputs = parse_args(inputs)
        self.outputs = parse_args(outputs)
        self.dtypes = dict(dtypes)
        self.lower = lower
        self.kind = kind
        self.shape_rule = shape
        self.propagates = True
        self.broadcasts = shape is shape_rules.broadcast
        self.static = frozenset(static)
        self.writes = tuple(writes)
        self.overwrites = frozenset(overwrites)
        self.hidden = tuple(hidden)
        self.samples = tuple(samples)
        self.stateful = stateful or kind in {Kind.HOST, Kind.WRITE} or bool(hidden)
        self.gradient_rule: Gradient | GradientState = GradientState.MISSING
        self.partial_rule: Callable[[ShapeContext], Sequence[Partial]] | None = None
        self.observe: Callable[..., None] | None = None
        parameters = parameters_of(lower)
        self.lower_attrs = parameters.keywords
        self.attr_defaults = parameters.defaults

    @property
    def name(self) -> str:
        """`type` by the name that TF1's protocol buffer gives it."""
        return self.type

    @property
    def input_arg(self) -> tuple[Arg, ...]:
        """`inputs` by the name that TF1's protocol buffer gives them."""
        return tuple(self.inputs)

    @property
    def output_arg(self) -> tuple[Arg, ...]:
        """`outputs` by the name that TF1's protocol buffer gives them."""
        return tuple(self.outputs)

    @property
    def is_stateful(self) -> bool:
        """`stateful` by the name that TF1's protocol buffer gives it."""
        return self.stateful

    @property
    def doc(self) -> str:
        """What it means, in words."""
        return inspect.getdoc(self.lower) or ""

    def gradient(self, rule: Gradient) -> Gradient:
        """Decorator: the gradient rule, ``rule(op, *dys) -> one gradient (or None) an input``."""
        self.gradient_rule = rule
        return rule

    def no_gradient(self) -> OpDef:
        """Say that the op is a constant to differentiation; returns itself."""
        self.gradient_rule = GradientState.NONE
        return self

    def partial_value(self, rule: PartialRule) -> PartialRule:
        """Decorator: the elements of an int result that are known before all inputs are."""
        self.partial_rule = lambda context: [rule(context)]
        return rule

    def partial_values(
        self, rule: Callable[[ShapeContext], Sequence[Partial]]
    ) -> Callable[[ShapeContext], Sequence[Partial]]:
        """Decorator: `partial_value` for each of several outputs."""
        self.partial_rule = rule
        return rule

    def observer(self, rule: Callable[..., None]) -> Callable[..., None]:
        """Decorator: ``rule(op, *arrays)`` sees the inputs' values before the run commits."""
        self.observe = rule
        return rule

    def __call__(self, *inputs: Any, name: str | None = None, **attrs: Any) -> Any:
        """Add an operation of this type to the default graph.

        Args:
          *inputs: one for each declared input; converted to tensors.
          name: TF1's name, the op type by default.
          **attrs: attributes; dtype variables may be given too.

        Returns:
          Its output, a list of outputs when there are several, the operation when there is none.

        Raises:
          TypeError: an input or attribute has the wrong type.
          ValueError: the static shapes do not fit.
        """
        operation = apply_op(self, inputs, attrs, name)
        if not self.outputs:
            return operation
        single = len(self.outputs) == 1 and not (self.outputs[0].number or self.outputs[0].each)
        return operation.outputs[0] if single else list(operation.outputs)

    def lowering_attrs(self, attrs: Mapping[str, Any]) -> dict[str, Any]:
        """The attributes that the lowering takes."""
        return {name: attrs[name] for name in self.lower_attrs}

    def __repr__(self) -> str:
        """Type and signature."""
        return f"<OpDef {self.type}: {self.signature}>"


def graph_op(
    op_type: str,
    signature: str,
    *,
    kind: Kind = Kind.PURE,
    shape: ShapeRule | None = None,
    static: Sequence[str] = (),
    writes: Sequence[str] = (),
    overwrites: Sequence[str] = (),
    hidden: Sequence[HiddenState] = (),
    samples: Sequence[Sample] = (),
    stateful: bool = False,
    **dtypes: tuple[DType, ...],
) -> Callable[[Callable[..., Any]], OpDef]:
    """Decorator: the decorated lowering becomes the definition of a graph op type.

    Args:
      op_type: TF1's op type.
      signature: ``"x: T, axis: Tidx, values: N*T, ref: &T, any: Tlist* -> y: T"``.
      kind: what the planner does with it.
      shape: static shape rule; without one the shape is that of the lowering on known shapes.
      static: names of inputs whose value the lowering needs.
      writes: names of ref inputs that get a new value, in the order the lowering returns them.
      overwrites: those among them whose old value is not read.
      hidden: state of the operation's own, appended to the operands and to the new values.
      samples: for conformance and docs.
      stateful: never merged with an equal operation.
      **dtypes: what each dtype variable may be.
    """

    def define(lower: Callable[..., Any]) -> OpDef:
        if op_type in OP_DEFS:
            msg = f"op type {op_type!r} is defined already"
            raise ValueError(msg)
        definition = OP_DEFS[op_type] = OpDef(
            op_type,
            signature,
            lower,
            kind=kind,
            shape=shape,
            static=static,
            writes=writes,
            overwrites=overwrites,
            hidden=hidden,
            samples=samples,
            stateful=stateful,
            dtypes=dtypes,
        )
        return definition

    return define
