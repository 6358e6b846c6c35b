"""polygraph: TensorFlow 1's programming model on any engine.

Every name that TF1 has stands here under TF1's name, and each module says in its ``__all__`` which
of TF1's names it brings: to add a name, touch that module alone. Importing this loads no engine.
"""
# ruff: noqa: F403 - the public face: every import is a re-export, under TF1's names

from __future__ import annotations

import sys

from polygraph import (
    app as app,
    bitwise as bitwise,
    compat as compat,
    dtypes as dtypes,
    errors as errors,
    initializers as initializers,
    logging as logging,
    losses as losses,
    nn as nn,
    random as random,
    train as train,
)
from polygraph.core.ground.conversion import (
    convert_to_tensor as convert_to_tensor,
    register_tensor_conversion_function as register_tensor_conversion_function,
)
from polygraph.core.ground.device_spec import DeviceSpec as DeviceSpec
from polygraph.core.ground.errors import OpError as OpError
from polygraph.core.ground.graph import (
    Graph as Graph,
    get_default_graph as get_default_graph,
    reset_default_graph as reset_default_graph,
)
from polygraph.core.ground.graph_def import (
    AttrValue as AttrValue,
    GraphDef as GraphDef,
    NodeDef as NodeDef,
)
from polygraph.core.ground.graph_import import import_graph_def as import_graph_def
from polygraph.core.ground.graph_keys import GraphKeys as GraphKeys
from polygraph.core.ground.indexed_slices import (
    IndexedSlices as IndexedSlices,
    IndexedSlicesValue as IndexedSlicesValue,
)
from polygraph.core.ground.operation import Operation as Operation
from polygraph.core.ground.scopes import (
    add_to_collection as add_to_collection,
    add_to_collections as add_to_collections,
    colocate_with as colocate_with,
    container as container,
    control_dependencies as control_dependencies,
    device as device,
    get_collection as get_collection,
    get_collection_ref as get_collection_ref,
    init_scope as init_scope,
    name_scope as name_scope,
    op_scope as op_scope,
)
from polygraph.core.ground.tensor import Tensor as Tensor
from polygraph.core.ground.tensor_like import *
from polygraph.core.ground.tensor_shape import (
    Dimension as Dimension,
    TensorShape as TensorShape,
    dimension_at_index as dimension_at_index,
    dimension_value as dimension_value,
)
from polygraph.core.runtime.config import (
    ConfigProto as ConfigProto,
    GPUOptions as GPUOptions,
    GraphOptions as GraphOptions,
    OptimizerOptions as OptimizerOptions,
    RunMetadata as RunMetadata,
    RunOptions as RunOptions,
)
from polygraph.core.runtime.custom_gradient import *
from polygraph.core.runtime.default_session import get_default_session as get_default_session
from polygraph.core.runtime.discovery import (
    backend_statuses as backend_statuses,
    list_backends as list_backends,
    register_backend as register_backend,
    set_default_backend as set_default_backend,
)
from polygraph.core.runtime.get_variable import *
from polygraph.core.runtime.gradient_registry import *
from polygraph.core.runtime.gradients import *
from polygraph.core.runtime.hessians import *
from polygraph.core.runtime.modes import *
from polygraph.core.runtime.partitioners import *
from polygraph.core.runtime.plugins import plugin_statuses as plugin_statuses, use as use
from polygraph.core.runtime.probing import probe_backends as probe_backends
from polygraph.core.runtime.session import (
    InteractiveSession as InteractiveSession,
    Session as Session,
)
from polygraph.core.runtime.templates import *
from polygraph.core.runtime.variable_checks import *
from polygraph.core.runtime.variable_collections import *
from polygraph.core.runtime.variable_defaults import *
from polygraph.core.runtime.variable_scope import *
from polygraph.core.runtime.variables import *
from polygraph.dtypes import *
from polygraph.ops.arithmetic import *
from polygraph.ops.assert_ranks import *
from polygraph.ops.assert_types import *
from polygraph.ops.assert_values import *
from polygraph.ops.assertions import *
from polygraph.ops.broadcasting import *
from polygraph.ops.casting import *
from polygraph.ops.clip import *
from polygraph.ops.clipping import *
from polygraph.ops.complex_numbers import *
from polygraph.ops.control_flow import *
from polygraph.ops.diagonals import *
from polygraph.ops.einsum import *
from polygraph.ops.elementwise import *
from polygraph.ops.filling import *
from polygraph.ops.functional_loops import *
from polygraph.ops.gathering import *
from polygraph.ops.getitem import *
from polygraph.ops.gradient_barriers import *
from polygraph.ops.grouping import *
from polygraph.ops.histograms import *
from polygraph.ops.host_functions import *
from polygraph.ops.identity_ops import *
from polygraph.ops.indexing import *
from polygraph.ops.initializers import *
from polygraph.ops.joining import *
from polygraph.ops.linalg import *
from polygraph.ops.logical import *
from polygraph.ops.loops import *
from polygraph.ops.masking import *
from polygraph.ops.math_compositions import *
from polygraph.ops.matrix_products import *
from polygraph.ops.orthogonal import *
from polygraph.ops.packing import *
from polygraph.ops.padding import *
from polygraph.ops.partitioning import *
from polygraph.ops.powers import *
from polygraph.ops.random_crop import *
from polygraph.ops.random_functions import *
from polygraph.ops.random_seed import *
from polygraph.ops.ranges import *
from polygraph.ops.rearranging import *
from polygraph.ops.reduction import *
from polygraph.ops.repeating import *
from polygraph.ops.reshaping import *
from polygraph.ops.reversal import *
from polygraph.ops.scans import *
from polygraph.ops.segment_gradients import *
from polygraph.ops.segments import *
from polygraph.ops.session_handles import *
from polygraph.ops.shape_queries import *
from polygraph.ops.slicing import *
from polygraph.ops.sorting import (
    argsort as argsort,
    bincount as bincount,
    searchsorted as searchsorted,
    sort as sort,
)
from polygraph.ops.source_ops import (
    constant as constant,
    no_op as no_op,
    placeholder as placeholder,
    placeholder_with_default as placeholder_with_default,
)
from polygraph.ops.sparse import *
from polygraph.ops.splitting import *
from polygraph.ops.state import *
from polygraph.ops.state_scatter import *
from polygraph.ops.strided_slicing import *
from polygraph.ops.tensor_array import *
from polygraph.ops.tensor_scatter import *
from polygraph.ops.transposing import *

__version__ = "0.1.0"

VERSION = "1.15.0"
"""The version of TensorFlow whose names and behaviour these are."""

compat.v1 = sys.modules[__name__]
sys.modules[f"{__name__}.compat.v1"] = sys.modules[__name__]
