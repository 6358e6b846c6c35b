"""Variables in parts: names, shapes, reuse and values as recorded on TensorFlow 2.21 compat.v1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph as tf

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def values_of(fetches: Any) -> Any:
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(fetches)


def names(variables: Any) -> list[str]:
    return [variable.name for variable in variables]


HALVES = tf.fixed_size_partitioner(2)


def test_the_parts() -> None:
    array = np.arange(10, dtype=np.float32).reshape(5, 2)
    w = tf.get_variable("w", [5, 2], initializer=array, partitioner=tf.fixed_size_partitioner(3))
    assert (w.name, w.shape.as_list(), w.dtype, len(w)) == ("w", [5, 2], tf.float32, 3)
    assert names(w) == ["w/part_0:0", "w/part_1:0", "w/part_2:0"]
    assert names(tf.trainable_variables()) == names(tf.global_variables()) == names(w)
    assert [part.shape.as_list() for part in w] == [[2, 2], [2, 2], [1, 2]]
    *parts, whole = values_of([*w, w.as_tensor()])
    np.testing.assert_array_equal(np.concatenate(parts), array)
    np.testing.assert_array_equal(whole, array)


def test_names_of_the_whole(graph: tf.Graph) -> None:
    with tf.variable_scope("s", partitioner=HALVES):
        w = tf.get_variable("w", [4, 2], initializer=tf.ones_initializer())
        scalar = tf.get_variable("b", [])
        one = tf.get_variable("one", [1])
        made = [w.as_tensor(), tf.convert_to_tensor(w), one.as_tensor()]
        tf.matmul(tf.ones([1, 4]), w)
    assert isinstance(scalar, tf.Variable)
    assert names(one) == ["s/one/part_0:0"]
    assert names(made) == ["s/w:0", "s/w_1:0", "s/one:0"]
    assert [op.name for op in graph.get_operations() if "Concat" in op.name] == [
        "s/w/ConcatPartitions/concat/axis",
        "s/w/ConcatPartitions/concat",
        "s/w/ConcatPartitions/concat_1/axis",
        "s/w/ConcatPartitions/concat_1",
        "s/w/ConcatPartitions/concat_2/axis",
        "s/w/ConcatPartitions/concat_2",
    ]


def test_a_value_is_cut_below_the_name_of_the_part(graph: tf.Graph) -> None:
    tensor = tf.constant([[1.0, 2.0, 3.0]])
    t = tf.get_variable("t", initializer=tensor, partitioner=tf.fixed_size_partitioner(2, axis=1))
    assert [value.tolist() for value in values_of(list(t))] == [[[1.0, 2.0]], [[3.0]]]
    assert graph.get_operation_by_name("t/part_1/PartitionedInitializer/Slice").type == "Slice"
    array = np.ones(4, np.float32)
    with pytest.raises(ValueError, match="must be fully defined, but instead was <unknown>"):
        tf.get_variable("q", initializer=array, partitioner=HALVES)


def test_reuse() -> None:
    with tf.variable_scope("a"):
        w = tf.get_variable("w", [4], partitioner=HALVES)
        tf.get_variable("v", [4])
        with pytest.raises(ValueError, match="Partitioned variable with name a/w already exists"):
            tf.get_variable("w", [4], partitioner=HALVES)
        with pytest.raises(ValueError, match=r"version of the variable was found: a/w/part_0\. "):
            tf.get_variable("w", [4])
        with pytest.raises(ValueError, match="an unpartitioned version of the variable was found"):
            tf.get_variable("v", [4], partitioner=HALVES)
    with tf.variable_scope("a", reuse=True):
        assert tf.get_variable("w", [4], partitioner=HALVES) is w
        assert tf.get_variable("w") is w
        assert tf.get_variable("w/part_0", [2]) is next(iter(w))
        with pytest.raises(ValueError, match=r"partitioned variable a/w, but specified shape \(3,"):
            tf.get_variable("w", [3])
        with pytest.raises(ValueError, match="specified dtype int32 and found dtype float32"):
            tf.get_variable("w", [4], tf.int32)
        with pytest.raises(ValueError, match=r"partitions \[3\] and found partitions \[2\]"):
            tf.get_variable("w", [4], partitioner=tf.fixed_size_partitioner(3))
        with pytest.raises(ValueError, match="PartitionedVariable a/z does not exist"):
            tf.get_variable("z", [4], partitioner=HALVES)
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        assert tf.get_variable("w", [4], partitioner=HALVES) is w
        assert len(tf.get_variable("new", [4], partitioner=HALVES)) == 2


@pytest.mark.parametrize(
    ("answer", "shape", "message"),
    [
        (3, [4], "must return a sequence, but saw: 3"),
        ([1, 2], [4], "does not match the Variable's rank"),
        ([0], [4], "zero partitions"),
        ([2, 2], [4, 4], "Can only slice a variable along one dimension"),
        ([2, 1], [None, 2], "must be fully defined"),
        ([2], tf.TensorShape([]), "must have rank at least 1"),
    ],
)
def test_answers_that_fit_no_variable(answer: Any, shape: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tf.get_variable("v", shape, partitioner=lambda **_: answer)


def test_a_partitioner_is_a_function() -> None:
    partitioner: Any = 3
    with pytest.raises(ValueError, match="Partitioner must be callable, but received: 3"):
        tf.get_variable("v", [4], partitioner=partitioner)


@pytest.mark.parametrize(
    ("partitioner", "shape", "dtype", "parts"),
    [
        (tf.fixed_size_partitioner(3), [7, 2], tf.float32, [3, 1]),
        (tf.fixed_size_partitioner(9), [7, 2], tf.float32, [7, 1]),
        (tf.fixed_size_partitioner(3, 1), [7, 2], tf.float32, [1, 2]),
        (tf.min_max_variable_partitioner(16), [1024, 1024], tf.float32, [16, 1]),
        (tf.min_max_variable_partitioner(100), [1024, 1024], tf.float32, [16, 1]),
        (tf.min_max_variable_partitioner(), [1000000, 10], tf.float64, [1, 1]),
        (tf.min_max_variable_partitioner(100, 0, 2 << 10), [4, 1024], tf.float32, [4, 1]),
        (tf.min_max_variable_partitioner(10, 0, 64), [20], tf.string, [5]),
        (tf.variable_axis_size_partitioner(64), [100, 4], tf.float32, [25, 1]),
        (tf.variable_axis_size_partitioner(4), [100, 4], tf.float32, [100, 1]),
        (tf.variable_axis_size_partitioner(64, max_shards=5), [100, 4], tf.float32, [5, 1]),
        (tf.variable_axis_size_partitioner(64, axis=1), [100, 4], tf.float64, [1, 4]),
        (tf.variable_axis_size_partitioner(64, 0, 8), [100], tf.string, [13]),
    ],
)
def test_partitioners(partitioner: Any, shape: list[int], dtype: Any, parts: list[int]) -> None:
    assert partitioner(shape=tf.TensorShape(shape), dtype=dtype) == parts


def test_arguments_of_partitioners() -> None:
    with pytest.raises(ValueError, match="must be positive, but are 0 and 16"):
        tf.variable_axis_size_partitioner(0)
    with pytest.raises(ValueError, match="max_shards must be positive, but is -1"):
        tf.variable_axis_size_partitioner(10, max_shards=-1)
    with pytest.raises(ValueError, match="Cannot partition variable along axis 3"):
        tf.min_max_variable_partitioner(4, axis=3)(tf.TensorShape([4]), tf.float32)


def test_writes() -> None:
    w = tf.get_variable("w", [5], initializer=tf.zeros_initializer(), partitioner=HALVES)
    u = tf.get_variable("u", [5], initializer=tf.ones_initializer(), partitioner=HALVES)
    assigned = w.assign(tf.constant([1.0, 2.0, 3.0, 4.0, 5.0]))
    added = w.assign_add(np.ones(5, np.float32))
    subtracted = w.assign_sub([[1.0, 1.0, 1.0], [2.0, 2.0]])
    copied = w.assign(u, read_value=False)
    assert [op.type for op in copied] == ["Assign", "Assign"]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert np.concatenate(sess.run(assigned)).tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
        assert np.concatenate(sess.run(added)).tolist() == [2.0, 3.0, 4.0, 5.0, 6.0]
        assert np.concatenate(sess.run(subtracted)).tolist() == [1.0, 2.0, 3.0, 3.0, 4.0]
        sess.run(copied)
        assert sess.run(w.as_tensor()).tolist() == [1.0] * 5
    with pytest.raises(AssertionError, match="w has 2 parts, but 1 values for parts were given"):
        w.assign([[1.0, 2.0]])


def test_where_a_tensor_is_wanted() -> None:
    w = tf.get_variable("w", [4], initializer=tf.ones_initializer(), partitioner=HALVES)
    assert values_of([tf.ones([4]) + w, tf.reduce_sum(w)])[0].tolist() == [2.0] * 4
    with pytest.raises(ValueError, match="Incompatible type conversion requested to type 'int32'"):
        tf.convert_to_tensor(w, tf.int32)
    with pytest.raises(TypeError, match="has invalid type"):
        values_of(w)
    with pytest.raises(NotImplementedError, match="use its assign methods"):
        tf.convert_to_tensor(w, as_ref=True)
    with tf.control_dependencies(w.assign(tf.zeros([4]))):
        assert w.as_tensor().op.control_inputs == []


@pytest.mark.parametrize(
    ("strategy", "ids", "rows"), [("div", [0, 1, 4], [0, 1, 4]), ("mod", [0, 1, 3], [0, 3, 4])]
)
def test_embedding_lookups_use_the_parts(
    strategy: str, ids: Sequence[int], rows: Sequence[int]
) -> None:
    table = np.arange(10, dtype=np.float32).reshape(5, 2)
    w = tf.get_variable("w", [5, 2], initializer=table, partitioner=HALVES)
    found = values_of(tf.nn.embedding_lookup(w, ids, partition_strategy=strategy))
    np.testing.assert_array_equal(found, table[list(rows)])


def test_optimizers_train_the_parts() -> None:
    w = tf.get_variable("w", [4], initializer=tf.ones_initializer(), partitioner=HALVES)
    loss = tf.reduce_sum(tf.square(w) * [1.0, 2.0, 3.0, 4.0])
    step = tf.train.AdamOptimizer(0.1).minimize(loss)
    assert names(tf.global_variables())[2:] == [
        "beta1_power:0",
        "beta2_power:0",
        "w/part_0/Adam:0",
        "w/part_0/Adam_1:0",
        "w/part_1/Adam:0",
        "w/part_1/Adam_1:0",
    ]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(step)
        np.testing.assert_allclose(sess.run(w.as_tensor()), [0.9] * 4, rtol=1e-5)


def test_initializers_know_the_whole() -> None:
    seen = []

    def initializer(shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        info = partition_info
        where = (info.single_slice_dim(shape), info.single_offset(shape))
        seen.append((shape, info.full_shape, info.var_offset, *where))
        return tf.ones(shape, dtype)

    tf.get_variable("w", [5, 2], initializer=initializer, partitioner=HALVES)
    tf.get_variable("x", [3], initializer=initializer, partitioner=tf.fixed_size_partitioner(1))
    assert seen == [
        ([3, 2], [5, 2], [0, 0], 0, 0),
        ([2, 2], [5, 2], [3, 0], 0, 3),
        ([3], [3], [0], None, 0),
    ]
    eye = tf.initializers.identity()
    diagonal = tf.get_variable("i", [6, 4], initializer=eye, partitioner=HALVES)
    w = tf.get_variable("g", [100, 100], partitioner=tf.fixed_size_partitioner(4))
    matrix, drawn = values_of([diagonal.as_tensor(), w.as_tensor()])
    np.testing.assert_array_equal(matrix, np.eye(6, 4))
    limit = np.sqrt(6 / 200)
    assert 0.95 * limit < np.abs(drawn).max() <= limit


def test_where_a_part_cannot_lie() -> None:
    seen: list[Any] = []

    def initializer(shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        seen.append(partition_info)
        return tf.zeros(shape, dtype)

    tf.get_variable("w", [5, 2], initializer=initializer, partitioner=HALVES)
    part = seen[1]
    with pytest.raises(TypeError, match="must be a list or tuple, not int"):
        part.single_slice_dim(2)
    with pytest.raises(ValueError, match="has not the rank of the whole"):
        part.single_slice_dim([2])
    with pytest.raises(ValueError, match="reaches past the whole"):
        part.single_slice_dim([3, 2])
    with pytest.raises(ValueError, match=r"along the axes \[0, 1\]"):
        part.single_slice_dim([2, 1])


def test_every_part_is_regularized_and_the_getter_called_once() -> None:
    asked = []

    def getter(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        asked.append((name, kwargs["partitioner"] is HALVES))
        return getter(name, *args, **kwargs)

    with tf.variable_scope(
        "s",
        custom_getter=getter,
        partitioner=HALVES,
        regularizer=lambda v: tf.reduce_sum(v, name="r"),
    ):
        tf.get_variable("w", [4])
    assert asked == [("s/w", True)]
    assert names(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)) == [
        "s/w/part_0/Regularizer/r:0",
        "s/w/part_1/Regularizer/r:0",
    ]


def test_lists_of_parts() -> None:
    first = tf.create_partitioned_variables([5, 2], [2, 1], tf.ones_initializer())
    named = tf.create_partitioned_variables([5, 2], [1, 2], tf.zeros([5, 2]), name="ww")
    again = tf.create_partitioned_variables([4], [2], tf.zeros_initializer(), tf.int32)
    with tf.variable_scope("q"):
        below = tf.create_partitioned_variables(
            [4], [2], tf.zeros_initializer(), trainable=False, name="t"
        )
    assert names(first) == ["PartitionedVariable/part_0:0", "PartitionedVariable/part_1:0"]
    assert names(named) == ["ww/part_0:0", "ww/part_1:0"]
    assert names(again) == ["PartitionedVariable_1/part_0:0", "PartitionedVariable_1/part_1:0"]
    assert names(below) == ["q/t/part_0:0", "q/t/part_1:0"]
    assert names(tf.trainable_variables()) == names([*first, *named, *again])
    with pytest.raises(ValueError, match="must have the same length"):
        tf.create_partitioned_variables([5], [1, 2], None)
    with pytest.raises(ValueError, match="must have rank at least 1"):
        tf.create_partitioned_variables([], [], None)
