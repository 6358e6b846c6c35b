"""The questions of the semantics contract: what is asked, and the op on the inputs that asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from op_values.case import Spec
from op_values.samples import arr
from op_values.shaping import i32, i64

if TYPE_CHECKING:
    from collections.abc import Iterator

Question = tuple[str, Spec]
NAN, INF = np.nan, np.inf


def f32(values: Any) -> np.ndarray[Any, Any]:
    """A float32 array."""
    return np.array(values, np.float32)


def _division() -> Iterator[Question]:
    sevens, twos = i32([7, -7, 7, -7]), i32([2, 2, -2, -2])
    for op, text in {
        "FloorDiv": "Does floor division of ints round towards minus infinity?",
        "FloorMod": "Does floor modulo of ints take the sign of the divisor?",
        "TruncateDiv": "Does truncating division of ints round towards zero?",
        "TruncateMod": "Does truncating modulo of ints take the sign of the dividend?",
        "Div": "How does Div of ints round?",
        "Mod": "Whose sign does Mod of ints take?",
    }.items():
        yield text, Spec(op, (sevens, twos), f"int_{op}_signs")
        # Where the truncating ones say InternalError, TensorFlow itself is surprised.
        inputs = i32([1, 0, -1]), i32([0, 0, 0])
        odd = op.startswith("Truncate")
        yield (f"What is {op} of an int by zero?",
               Spec(op, inputs, f"int_{op}_by_zero", pinned=odd))  # fmt: skip
    low = np.iinfo(np.int32).min
    for op in ("FloorDiv", "TruncateDiv", "FloorMod"):
        yield (f"What is {op} of INT_MIN by -1?",
               Spec(op, (i32([low]), i32([-1])), f"int_{op}_min_by_minus_one"))  # fmt: skip
    x, zero = f32([1, -1, 0, NAN, 7, -7]), f32([0, 0, 0, 0, -0.0, -0.0])
    for op in ("RealDiv", "FloorDiv", "FloorMod", "Mod", "DivNoNan"):
        yield f"What is {op} of floats by zero?", Spec(op, (x, zero), f"float_{op}_by_zero")
    a, b = f32([5.5, -5.5, 5.5, -5.5, 6, -6, 0, 3]), f32([2, 2, -2, -2, -3, 3, -1, INF])
    for op in ("FloorDiv", "FloorMod", "Mod"):
        yield f"How does {op} of floats treat signs?", Spec(op, (a, b), f"float_{op}_signs")
    yield ("Is floor division of uint8 unsigned?",
           Spec("FloorDiv", (arr([200, 255], "uint8"), arr([3, 254], "uint8")),
                "uint8_floordiv"))  # fmt: skip


def _powers() -> Iterator[Question]:
    yield "What is 0 ** 0 for ints?", Spec("Pow", (i32([0, 5]), i32([0, 0])), "int_zero_to_zero")
    yield (
        "What is x ** 0 for floats, NaN among them?",
        Spec("Pow", (f32([0, -0.0, NAN, INF]), f32([0, 0, 0, 0])), "float_to_zero"),
    )
    yield (
        "What is a negative float to a fractional power?",
        Spec("Pow", (f32([-8, -1, -INF]), f32([1 / 3, 0.5, 0.5])), "negative_to_fraction"),
    )
    yield (
        "What is an int to a negative power?",
        Spec("Pow", (i32([2, 1]), i32([-1, -1])), "int_negative_power"),
    )
    yield (
        "Does an int power wrap around?",
        Spec("Pow", (i32([3, 2, 10]), i32([21, 31, 10])), "int_power_wraps"),
    )
    yield (
        "What is 0 to a negative power, by its sign?",
        Spec("Pow", (f32([0, -0.0, -0.0]), f32([-1, -1, -2])), "zero_to_negative"),
    )
    yield (
        "What is 1 to the power of NaN or infinity?",
        Spec("Pow", (f32([1, 1, -1]), f32([NAN, INF, INF])), "one_to_odd_powers"),
    )


def _numbers() -> Iterator[Question]:
    yield (
        "How does Round treat halves?",
        Spec("Round", (f32([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999997]),), "round_halves"),
    )
    yield "How does Rint treat halves?", Spec("Rint", (f32([0.5, 1.5, -0.5, -2.5]),), "rint_halves")
    yield (
        "Does Floor keep -0.0, and Ceil make it?",
        Spec("Ceil", (f32([-0.0, -0.5, 0.0]),), "ceil_minus_zero"),
    )
    yield (
        "What is log of zero and of negatives?",
        Spec("Log", (f32([0, -0.0, -1, INF]),), "log_edges"),
    )
    yield ("What is log1p at and below -1?", Spec("Log1p", (f32([-1, -2, -0.0]),), "log1p_edges"))
    yield (
        "What is sqrt of negatives and of -0.0?",
        Spec("Sqrt", (f32([-1, -0.0, INF]),), "sqrt_edges"),
    )
    yield (
        "What is rsqrt of zero, -0.0 and negatives?",
        Spec("Rsqrt", (f32([0, -0.0, -1, INF]),), "rsqrt_edges"),
    )
    yield (
        "What is the reciprocal of zeros?",
        Spec("Reciprocal", (f32([0, -0.0, INF]),), "reciprocal_edges"),
    )
    yield (
        "What is the sign of NaN and of -0.0?",
        Spec("Sign", (f32([NAN, -0.0, 0.0, -INF]),), "sign_edges"),
    )
    yield "Does abs clear the sign of -0.0?", Spec("Abs", (f32([-0.0, -INF, NAN]),), "abs_edges")
    low = np.iinfo(np.int32).min
    yield "What is the abs of INT_MIN?", Spec("Abs", (i32([low, -1]),), "abs_int_min")
    yield "What is the negation of INT_MIN?", Spec("Neg", (i32([low]),), "neg_int_min")
    yield (
        "Is a complex sign z / |z|, and 0 at 0?",
        Spec("Sign", (arr([3 + 4j, 0], "complex64"),), "complex_sign"),
    )
    top = np.iinfo(np.int32).max
    yield (
        "Does int addition wrap around?",
        Spec("AddV2", (i32([top]), i32([1])), "int_addition_wraps"),
    )
    yield (
        "Does unsigned subtraction wrap around?",
        Spec("Sub", (arr([3], "uint8"), arr([5], "uint8")), "uint_subtraction_wraps"),
    )
    yield "Is xlogy 0 where x is 0?", Spec("Xlogy", (f32([0, 0, 1]), f32([0, NAN, 0])), "xlogy")
    yield (
        "What is atan2 at the origin, by sign?",
        Spec("Atan2", (f32([0, -0.0, 0, -0.0]), f32([0, 0, -0.0, -0.0])), "atan2_origin"),
    )
    least = f32([1e-45, -1e-40, 1.0])
    yield (
        "Are subnormals kept by arithmetic?",
        Spec("Mul", (least, f32([3, 0.5, 1e-40])), "subnormals_kept"),
    )
    yield (
        "Are subnormals kept by a cast?",
        Spec("Cast", (least,), "subnormals_cast", {"DstT": "float64"}),
    )
    yield "Is a subnormal equal to zero?", Spec("Equal", (least, f32([0, 0, 0])), "subnormal_zero")
    yield "What is NaN == NaN?", Spec("Equal", (f32([NAN]), f32([NAN])), "nan_equals_nan")
    yield "What is NaN != NaN?", Spec("NotEqual", (f32([NAN]), f32([NAN])), "nan_differs_nan")


def _shifts() -> Iterator[Question]:
    one = i32([1, -1, 5])
    for op in ("LeftShift", "RightShift"):
        yield (
            f"What is {op} by the width or more?",
            Spec(op, (one, i32([32, 33, 100])), f"{op}_beyond_width", pinned=True),
        )
        yield (
            f"What is {op} by a negative amount?",
            Spec(op, (one, i32([-1, -5, -32])), f"{op}_negative", pinned=True),
        )
    yield (
        "Is a right shift of negatives arithmetic?",
        Spec("RightShift", (i32([-8, -1]), i32([1, 31])), "right_shift_sign"),
    )


def _nans() -> Iterator[Question]:
    rows = f32([[NAN, 1, 2], [1, NAN, 2], [1, 2, NAN], [NAN, NAN, NAN]])
    one = i32([1])
    for op in ("Max", "Min"):
        yield f"Does {op} give NaN where there is one?", Spec(op, (rows, one), f"{op}_nan")
    for op in ("ArgMax", "ArgMin"):
        yield (
            f"Where is the {op} of a row with NaN?",
            Spec(op, (rows, i32(1)), f"{op}_nan", pinned=True),
        )
    for op in ("Maximum", "Minimum"):
        yield (
            f"Does {op} pass NaN on, from either side?",
            Spec(op, (f32([NAN, 1, NAN]), f32([1, NAN, NAN])), f"{op}_nan"),
        )
        yield (
            f"Which zero does {op} of 0.0 and -0.0 give?",
            Spec(op, (f32([0.0, -0.0]), f32([-0.0, 0.0])), f"{op}_zeros", pinned=True),
        )
    yield "What is the relu of NaN and of -0.0?", Spec("Relu", (f32([NAN, -0.0, -INF]),), "relu")
    yield ("Does relu6 pass NaN on?", Spec("Relu6", (f32([NAN, INF, -0.0]),), "relu6"))
    yield (
        "Does clipping pass NaN on?",
        Spec("ClipByValue", (f32([NAN, INF, -INF]), f32(-1), f32(1)), "clip_nan"),
    )
    yield (
        "What does clipping give where low is above high?",
        Spec("ClipByValue", (f32([0, 5, 9]), f32(7), f32(3)), "clip_reversed"),
    )
    yield (
        "Where does top_k put NaN?",
        Spec("TopKV2", (f32([1, NAN, 3, 2]), i32(4)), "top_k_nan", pinned=True),
    )
    yield ("Is a NaN target in the top k, and a target beside a NaN?",
           Spec("InTopK", (f32([[NAN, 1, 2], [1, NAN, 2], [1, 3, INF]]), i32([0, 0, 1])),
                "in_top_k_nan", {"k": 2}))  # fmt: skip
    yield (
        "Is softmax stable for large logits, and NaN for a row of -inf?",
        Spec("Softmax", (f32([[1000, 1000], [-INF, -INF], [INF, 0]]),), "softmax_edges"),
    )
    yield "What does max_pool make of NaN?", Spec(
        "MaxPool", (f32([[NAN, 1], [2, 3], [1, 2], [3, NAN]]).reshape(2, 2, 2, 1),),
        "max_pool_nan", {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"},
        pinned=True)  # fmt: skip


def _ties() -> Iterator[Question]:
    x = f32([3, 1, 3, 1])
    yield "Which of equal values is the argmax?", Spec("ArgMax", (x, i32(0)), "argmax_tie")
    yield "Which of equal values is the argmin?", Spec("ArgMin", (x, i32(0)), "argmin_tie")
    yield "In which order does top_k give equal values?", Spec("TopKV2", (x, i32(4)), "top_k_tie")
    yield (
        "Are ties at place k inside the top k?",
        Spec(
            "InTopK",
            (
                f32([[2, 2, 1], [2, 2, 1]]),
                i32([0, 1]),
            ),
            "in_top_k_tie",
            {"k": 1},
        ),
    )
    y = np.ones((1, 2, 2, 1), np.float32)
    yield "Which of equal values gets max_pool's gradient?", Spec(
        "MaxPoolGrad", (y, y[:, :1, :1], f32([[[[5]]]])), "max_pool_tie",
        {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"})  # fmt: skip
    for op in ("Relu", "Relu6"):
        yield (
            f"What is the gradient of {op} at its corners?",
            Spec(f"{op}Grad", (f32([1, 1, 1, 1]), f32([0, -0.0, 6, NAN])), f"{op}_corner"),
        )
    for op in ("Maximum", "Minimum"):
        yield (
            f"Which operand gets the gradient of {op} where they are equal?",
            Spec(f"Gradient{op}", (f32([1, 1, 2]), f32([1, 0, 3])), f"{op}_gradient_tie"),
        )
    for op in ("Max", "Min", "Abs", "Sqrt"):
        x = f32([3, 3, 1]) if op in ("Max", "Min") else f32([0.0, 4.0, -0.0])
        yield (
            f"What is the gradient of {op} at its corner?",
            Spec(f"Gradient{op}", (x,), f"{op}_gradient_corner"),
        )


def _casts() -> Iterator[Question]:
    odd = f32([NAN, INF, -INF])
    far = f32([3e9, -3e9, 1e20])
    for to in ("int8", "uint8", "int32", "int64", "uint32"):
        attrs = {"DstT": to}
        yield (
            f"What is NaN or infinity cast to {to}?",
            Spec("Cast", (odd,), f"cast_nan_{to}", attrs, pinned=True),
        )
        yield (
            f"What is a float out of range cast to {to}?",
            Spec("Cast", (far,), f"cast_overflow_{to}", attrs, pinned=True),
        )
    for to in ("uint8", "uint32", "uint64"):
        yield (f"What is a negative float cast to {to}?",
               Spec("Cast", (f32([-1, -1.5, -200]),), f"cast_negative_{to}", {"DstT": to},
                    pinned=True))  # fmt: skip
        yield (
            f"What is a negative int cast to {to}?",
            Spec("Cast", (i32([-1, -200]),), f"cast_negative_int_{to}", {"DstT": to}),
        )
    yield (
        "Do casts of floats to ints truncate?",
        Spec("Cast", (f32([1.9, -1.9, 0.5, -0.5]),), "cast_truncates", {"DstT": "int32"}),
    )
    yield (
        "Do casts of ints to narrower ints wrap?",
        Spec("Cast", (i32([300, -129, 65536]),), "cast_wraps", {"DstT": "int8"}),
    )
    yield (
        "Is NaN true as a bool, and -0.0?",
        Spec("Cast", (f32([NAN, -0.0, 0.1]),), "cast_bool", {"DstT": "bool"}),
    )
    yield (
        "Does a cast of complex drop the imaginary part?",
        Spec("Cast", (arr([1 + 2j], "complex64"),), "cast_complex", {"DstT": "float32"}),
    )
    yield (
        "Does a cast beyond float16 give infinity?",
        Spec("Cast", (f32([65504, 65519, 65520, -7e4]),), "cast_half", {"DstT": "float16"}),
    )
    yield ("How does a cast to bfloat16 round?",
           Spec("Cast", (f32([1.00390625, 1.01171875, 3.4e38]),), "cast_bfloat16",
                {"DstT": "bfloat16"}))  # fmt: skip


def _empties() -> Iterator[Question]:
    x = np.zeros((0, 2), np.float32)
    for op in ("Sum", "Mean", "Prod", "Max", "Min"):
        yield f"What is {op} over nothing?", Spec(op, (x, i32([0])), f"{op}_empty")
    for op in ("Max", "Min"):
        yield (f"What is {op} over no ints?", Spec(op, (i32([]), i32([0])), f"{op}_empty_int"))
    yield "What is Mean over no ints?", Spec("Mean", (i32([]), i32([0])), "Mean_empty_int")
    yield "How does Mean of ints round?", Spec("Mean", (i32([-3, -4]), i32([0])), "Mean_int")
    for op in ("All", "Any"):
        yield f"What is {op} over nothing?", Spec(op, (x > 0, i32([0])), f"{op}_empty")
    yield "What is ArgMax over nothing?", Spec("ArgMax", (x, i32(0)), "ArgMax_empty")
    yield (
        "What is MatMul over an empty inner dimension?",
        Spec("MatMul", (x.T.copy(), x), "MatMul_empty"),
    )
    yield (
        "Do empties concatenate?",
        Spec("ConcatV2", ([x, x, f32([[1, 2]])], i32(0)), "concat_empties"),
    )
    yield (
        "Does concatenation take an empty vector beside a matrix?",
        Spec("ConcatV2", ([f32([[1, 2]]), f32([])], i32(0)), "concat_rank_mismatch"),
    )
    yield "What is -1 where nothing is reshaped?", Spec("Reshape", (x, i32([-1, 2])), "reshape_0_2")
    yield (
        "What is -1 beside a 0 in a shape?",
        Spec("Reshape", (x, i32([0, -1])), "reshape_zero_and_unknown"),
    )
    yield (
        "What do segments without elements hold?",
        Spec("SegmentMax", (f32([1, 2]), i32([0, 2])), "segment_hole"),
    )
    for op in ("Sum", "Max", "Min", "Prod"):
        yield (f"What does an empty segment of UnsortedSegment{op} hold?",
               Spec(f"UnsortedSegment{op}", (f32([1, 2]), i32([0, 2]), i32(3)),
                    f"unsorted_{op}_hole"))  # fmt: skip


def _indices() -> Iterator[Question]:
    x = f32([10, 20, 30])
    for label, index in {"too_large": [3], "negative": [-1]}.items():
        text = label.replace("_", " ")
        deep = i32([index])
        yield f"Gather: {text} index?", Spec("Gather", (x, i32(index)), f"gather_{label}")
        yield (
            f"GatherV2: {text} index?",
            Spec("GatherV2", (x, i32(index), i32(0)), f"gather_v2_{label}"),
        )
        yield f"GatherNd: {text} index?", Spec("GatherNd", (x, deep), f"gather_nd_{label}")
        yield (
            f"ScatterNd: {text} index?",
            Spec("ScatterNd", (deep, x[:1], i32([3])), f"scatter_nd_{label}"),
        )
        yield (
            f"TensorScatterUpdate: {text} index?",
            Spec("TensorScatterUpdate", (x, deep, x[:1]), f"tensor_scatter_{label}"),
        )
        yield (
            f"ScatterAdd to a variable: {text} index?",
            Spec("ScatterAdd", (x, i32(index), x[:1]), f"scatter_add_{label}"),
        )
        yield (
            f"OneHot: {text} index?",
            Spec("OneHot", (i32([index[0], 0]), i32(3), f32(1), f32(0)), f"one_hot_{label}"),
        )
        yield (
            f"UnsortedSegmentSum: {text} id?",
            Spec("UnsortedSegmentSum", (x[:1], i32(index), i32(3)), f"unsorted_{label}"),
        )
        yield (f"Sparse softmax cross entropy: {text} label?",
               Spec("SparseSoftmaxCrossEntropyWithLogits", (x[None], i32(index)),
                    f"sparse_label_{label}"))  # fmt: skip
        yield (f"DynamicPartition: {text} partition?",
               Spec("DynamicPartition", (x[:1], i32(index)), f"partition_{label}",
                    {"num_partitions": 3}))  # fmt: skip
        yield (
            f"InTopK: {text} target?",
            Spec("InTopK", (x[None], i32(index)), f"in_top_k_{label}", {"k": 3}),
        )
    yield "SegmentSum: ids not sorted?", Spec("SegmentSum", (x, i32([1, 0, 1])), "segment_unsorted")
    yield "SegmentSum: negative id?", Spec("SegmentSum", (x, i32([-1, 0, 1])), "segment_negative")
    yield "Slice beyond the end?", Spec("Slice", (x, i32([1]), i32([3])), "slice_beyond")
    yield (
        "StridedSlice beyond the end?",
        Spec("StridedSlice", (x, i32([1]), i32([9]), i32([1])), "strided_slice_beyond"),
    )
    yield ("One element of StridedSlice beyond the end?",
           Spec("StridedSlice", (x, i32([3]), i32([4]), i32([1])), "strided_slice_element",
                {"shrink_axis_mask": 1}))  # fmt: skip
    yield "A reduction over an axis too large?", Spec("Sum", (x, i32([1])), "axis_too_large")
    yield "A reduction over one axis twice?", Spec("Sum", (x, i32([0, -1])), "axis_twice")
    yield "Bincount: value too large?", Spec("Bincount", (i32([5, 0]), i32(2), f32([])), "bincount")
    yield (
        "Bincount: negative value?",
        Spec("Bincount", (i32([-1, 0]), i32(2), f32([])), "bincount_negative"),
    )


def _duplicates() -> Iterator[Question]:
    v, u, twice = f32([1, 2, 3]), f32([10, 20]), i32([1, 1])
    for op in ("ScatterAdd", "ScatterSub", "ScatterMul", "ScatterMax"):
        yield f"Do duplicates accumulate in {op}?", Spec(op, (v, twice, u), f"{op}_duplicates")
    yield (
        "Which of duplicates stays in ScatterUpdate?",
        Spec("ScatterUpdate", (v, twice, u), "ScatterUpdate_duplicates"),
    )
    yield (
        "Do duplicates accumulate in ScatterNd?",
        Spec("ScatterNd", (twice[:, None], u, i32([3])), "ScatterNd_duplicates"),
    )
    yield (
        "Which of duplicates stays in TensorScatterUpdate?",
        Spec("TensorScatterUpdate", (v, twice[:, None], u), "tensor_scatter_duplicates"),
    )
    yield (
        "Which of duplicates stays in DynamicStitch?",
        Spec("DynamicStitch", ([i32([0, 1]), i32([1])], [u, v[:1]]), "stitch_duplicates"),
    )
    yield ("Are duplicate rows summed before SparseApplyMomentum, or applied in turn?",
           Spec("SparseApplyMomentum", (v, f32([0, 0, 0]), f32(0.5), u, twice, f32(0.5)),
                "momentum_duplicates"))  # fmt: skip


def _shapes() -> Iterator[Question]:
    zero, five = i32(0), i32(5)
    yield "Range: wrong way?", Spec("Range", (zero, five, i32(-1)), "range_wrong_way")
    yield "Range: step of zero?", Spec("Range", (zero, five, zero), "range_zero_step")
    yield "Range: nothing?", Spec("Range", (five, five, i32(1)), "range_nothing")
    yield (
        "How many elements has a range of tenths?",
        Spec("Range", (f32(0), f32(1), f32(0.1)), "range_tenths"),
    )
    yield "LinSpace of one point?", Spec("LinSpace", (f32(2), f32(9), i32(1)), "linspace_one")
    yield "LinSpace of no point?", Spec("LinSpace", (f32(2), f32(9), zero), "linspace_none")
    yield (
        "Is LinSpace's last point exact?",
        Spec("LinSpace", (f32(0.1), f32(0.7), i32(4)), "linspace_last"),
    )
    yield "Tile zero times?", Spec("Tile", (f32([1, 2]), i32([0])), "tile_zero")
    yield ("Does ReverseSequence take a length beyond the end?",
           Spec("ReverseSequence", (f32([[1, 2]]), i64([3])), "reverse_sequence_beyond",
                {"seq_dim": 1}))  # fmt: skip
    yield (
        "Is the dtype of a sum of uint8 uint8?",
        Spec("Sum", (arr([200, 100], "uint8"), i32([0])), "sum_uint8"),
    )
    yield "Is the dtype of a mean of ints int?", Spec("Mean", (i32([1, 2]), i32([0])), "mean_dtype")
    yield (
        "Does an int64 keep its upper half?",
        Spec("AddV2", (i64([1]), i64([1 << 40])), "int64_is_kept"),
    )
    yield "Is Where int64?", Spec("Where", (np.array([True, False, True]),), "where_dtype")
    yield "Is ArgMax int64 by default?", Spec("ArgMax", (f32([1, 2]), i32(0)), "argmax_dtype")
    yield "Is Shape int32 by default?", Spec("Shape", (f32([[1, 2]]),), "shape_dtype")
    yield ("Which comes first in Unique?", Spec("Unique", (i32([3, 1, 3, 2]),), "unique_order"))
    yield ("Does Unique take NaNs for one?", Spec("Unique", (f32([NAN, NAN, 0, -0.0]),),
                                                  "unique_nan"))  # fmt: skip


def questions() -> Iterator[Question]:
    """Every question with the op that asks it; `Gradient<Op>` asks for `tf.gradients`."""
    for part in (_division, _powers, _numbers, _shifts, _nans, _ties, _casts, _empties, _indices,
                 _duplicates, _shapes):  # fmt: skip
        yield from part()
