"""The references of convolution, pooling and normalization, against sums written out."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from polygraph.core.ground.errors import ShapeError
from polygraph.ops.primitives import convolution, depthwise, linalg, nn, pooling

RANDOM = np.random.RandomState(7)


def _normal(*shape: int) -> Any:
    return RANDOM.standard_normal(shape)


def _last(x: Any, attrs: dict[str, Any]) -> Any:
    return np.moveaxis(x, 1, 3) if attrs.get("data_format") == "NCHW" else x


def _windows(x: Any, size: Any, out: Any, attrs: dict[str, Any]) -> Any:
    """``[n, *out, *size, c]``, cell by cell; NaN where a window reaches outside."""
    (top, _), (left, _) = attrs["padding"]
    strides, holes = attrs["strides"], attrs.get("dilations", (1, 1))
    result = np.full((x.shape[0], *out, *size, x.shape[3]), np.nan)
    for p, q, i, j in product(*map(range, (*out, *size))):
        row = p * strides[0] + i * holes[0] - top
        column = q * strides[1] + j * holes[1] - left
        if 0 <= row < x.shape[1] and 0 <= column < x.shape[2]:
            result[:, p, q, i, j] = x[:, row, column]
    return result


CONVOLUTIONS = [pytest.param(*sample, id=str(at)) for at, sample in enumerate(convolution._SAMPLES)]
DEPTHWISE = [pytest.param(*sample, id=str(at)) for at, sample in enumerate(depthwise._SAMPLES)]
POOLS = [pytest.param(*sample, id=str(at)) for at, sample in enumerate(pooling._SAMPLES)]


@pytest.mark.parametrize(("shape", "kernel", "out", "attrs"), CONVOLUTIONS)
def test_conv2d_sums_over_the_cells_of_each_window(
    shape: Any, kernel: Any, out: Any, attrs: Any
) -> None:
    x, filters = _normal(*shape), _normal(*kernel)
    result = nn.conv2d(x, filters, **attrs)
    assert result.shape == out
    last = _last(result, attrs)
    cells = np.nan_to_num(_windows(_last(x, attrs), kernel[:2], last.shape[1:3], attrs))
    np.testing.assert_allclose(last, np.einsum("npqijc,ijco->npqo", cells, filters), atol=1e-12)


@pytest.mark.parametrize(("shape", "kernel", "out", "attrs"), DEPTHWISE)
def test_depthwise_conv2d_keeps_channels_apart(
    shape: Any, kernel: Any, out: Any, attrs: Any
) -> None:
    x, filters = _normal(*shape), _normal(*kernel)
    result = nn.depthwise_conv2d(x, filters, **attrs)
    assert result.shape == out
    last = _last(result, attrs)
    cells = np.nan_to_num(_windows(_last(x, attrs), kernel[:2], last.shape[1:3], attrs))
    wanted = np.einsum("npqijc,ijcm->npqcm", cells, filters).reshape(last.shape)
    np.testing.assert_allclose(last, wanted, atol=1e-12)


FAMILIES = {
    "conv2d": (
        convolution._SAMPLES,
        nn.conv2d,
        nn.conv2d_backprop_input,
        nn.conv2d_backprop_filter,
    ),
    "depthwise": (
        depthwise._SAMPLES,
        nn.depthwise_conv2d,
        nn.depthwise_conv2d_backprop_input,
        nn.depthwise_conv2d_backprop_filter,
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_gradients_are_the_transposes_of_the_convolution(family: str) -> None:
    samples, forward, to_input, to_filter = FAMILIES[family]
    for shape, kernel, out, attrs in samples:
        x, filters, dy = _normal(*shape), _normal(*kernel), _normal(*out)
        wanted = np.vdot(forward(x, filters, **attrs), dy)
        dx = to_input(filters, dy, input_shape=shape, **attrs)
        df = to_filter(x, dy, filter_shape=kernel, **attrs)
        np.testing.assert_allclose(np.vdot(dx, x), wanted, atol=1e-11)
        np.testing.assert_allclose(np.vdot(df, filters), wanted, atol=1e-11)


@pytest.mark.parametrize(("shape", "out", "attrs"), POOLS)
def test_pools_leave_the_padding_out(shape: Any, out: Any, attrs: Any) -> None:
    x = _normal(*shape) - 3.0
    greatest, mean = nn.max_pool(x, **attrs), nn.avg_pool(x, **attrs)
    assert greatest.shape == mean.shape == out
    last = _last(greatest, attrs)
    cells = _windows(_last(x, attrs), attrs["ksize"], last.shape[1:3], attrs)
    np.testing.assert_array_equal(last, np.nanmax(cells, axis=(3, 4), initial=-np.inf))
    count = np.sum(~np.isnan(cells), axis=(3, 4))
    wanted = np.nansum(cells, axis=(3, 4)) / count
    np.testing.assert_allclose(_last(mean, attrs), wanted, atol=1e-12)
    dy = _normal(*out)
    dx = nn.avg_pool_grad(dy, input_shape=shape, **attrs)
    np.testing.assert_allclose(np.vdot(dx, x), np.vdot(mean, dy), atol=1e-11)
    dx = nn.max_pool_grad(x, greatest, dy, **attrs)
    np.testing.assert_allclose(np.vdot(dx, x), np.vdot(greatest, dy), atol=1e-11)
    ddx = _normal(*shape)
    back = nn.max_pool_grad_grad(x, greatest, ddx, **attrs)
    np.testing.assert_allclose(np.vdot(back, dy), np.vdot(ddx, dx), atol=1e-11)


def test_the_first_of_equal_cells_gets_the_whole_gradient() -> None:
    x = np.ones((1, 2, 4, 1), np.float32)
    attrs = {"ksize": (2, 2), "strides": (1, 2), "padding": ((0, 1), (0, 0))}
    dy = np.array([1.0, 2.0, 4.0, 8.0], np.float32).reshape(1, 2, 2, 1)
    dx = nn.max_pool_grad(x, nn.max_pool(x, **attrs), dy, **attrs)
    np.testing.assert_array_equal(dx[0, :, :, 0], [[1, 0, 2, 0], [4, 0, 8, 0]])


def test_sixteen_bit_floats_are_summed_in_thirty_two() -> None:
    x = np.full((1, 1, 1, 4096), 1.0, np.float16)
    filters = np.full((1, 1, 4096, 1), 1.0, np.float16)
    attrs: dict[str, Any] = {"strides": (1, 1), "padding": ((0, 0), (0, 0))}
    assert nn.conv2d(x, filters, **attrs).item() == 4096
    assert linalg.matmul(x[0, 0], filters[0, 0]).item() == 4096


def test_many_images_are_laid_out_in_chunks() -> None:
    x, filters = _normal(20, 40, 40, 8), _normal(3, 3, 8, 2)
    attrs: dict[str, Any] = {"strides": (1, 1), "padding": ((1, 1), (1, 1))}
    whole = nn.conv2d(x, filters, **attrs)
    one_by_one = [nn.conv2d(image[None], filters, **attrs)[0] for image in x]
    np.testing.assert_allclose(whole, one_by_one, atol=1e-11)
    dy = _normal(*whole.shape)
    df = nn.conv2d_backprop_filter(x, dy, filter_shape=filters.shape, **attrs)
    np.testing.assert_allclose(np.vdot(df, filters), np.vdot(whole, dy), rtol=1e-9)


def test_shapes_that_do_not_fit_are_refused() -> None:
    attrs: dict[str, Any] = {"strides": (1, 1), "padding": ((0, 0), (0, 0))}
    with pytest.raises(ShapeError, match=r"2 channels but the filter .* takes 3"):
        nn.conv2d(_normal(1, 4, 4, 2), _normal(2, 2, 3, 1), **attrs)
    with pytest.raises(ShapeError, match="does not fit"):
        nn.conv2d(_normal(1, 2, 2, 1), _normal(5, 5, 1, 1), **attrs)
    with pytest.raises(ShapeError, match="gradient of the result"):
        nn.conv2d_backprop_input(
            _normal(2, 2, 1, 1), _normal(1, 9, 9, 1), input_shape=(1, 4, 4, 1), **attrs
        )
    with pytest.raises(ShapeError, match="inner dimensions differ: 3 in a"):
        linalg.matmul(_normal(2, 3), _normal(4, 2))


def _slope(function: Any, x: Any, dy: Any) -> Any:
    """The gradient of ``vdot(function(x), dy)`` by central differences."""
    step, result = 1e-6, np.zeros_like(x)
    for at in np.ndindex(x.shape):
        moved = x.copy()
        moved[at] += step
        above = np.vdot(function(moved), dy)
        moved[at] -= 2 * step
        result[at] = (above - np.vdot(function(moved), dy)) / (2 * step)
    return result


@pytest.mark.parametrize("data_format", ["NHWC", "NCHW"])
def test_fused_batch_norm_grad_by_differences(data_format: str) -> None:
    shape = (2, 3, 2, 4) if data_format == "NHWC" else (2, 4, 3, 2)
    x, scale, offset, dy = _normal(*shape), _normal(4), _normal(4), _normal(*shape)
    attrs: dict[str, Any] = {"epsilon": 1e-3, "data_format": data_format}
    _, mean, variance = nn.fused_batch_norm(x, scale, offset, **attrs)
    dx, dscale, doffset = nn.fused_batch_norm_grad(dy, x, scale, mean, variance, **attrs)

    def forward(images: Any = x, factors: Any = scale, shifts: Any = offset) -> Any:
        return nn.fused_batch_norm(images, factors, shifts, **attrs)[0]

    np.testing.assert_allclose(dx, _slope(forward, x, dy), atol=1e-7)
    np.testing.assert_allclose(dscale, _slope(lambda s: forward(factors=s), scale, dy), atol=1e-7)
    np.testing.assert_allclose(doffset, _slope(lambda o: forward(shifts=o), offset, dy), atol=1e-7)


def test_lrn_grad_by_differences() -> None:
    x, dy = _normal(1, 2, 2, 7), _normal(1, 2, 2, 7)
    attrs: dict[str, Any] = {"depth_radius": 2, "bias": 1.5, "alpha": 0.5, "beta": 0.75}
    dx = nn.lrn_grad(dy, x, nn.lrn(x, **attrs), **attrs)
    np.testing.assert_allclose(dx, _slope(lambda t: nn.lrn(t, **attrs), x, dy), atol=1e-7)


def test_cross_entropies_give_the_gradient_of_their_logits() -> None:
    logits, labels = _normal(3, 4), np.abs(_normal(3, 4))
    labels /= labels.sum(axis=1, keepdims=True)
    ones = np.ones(3)
    _, gradient = nn.softmax_cross_entropy(logits, labels)
    slope = _slope(lambda x: nn.softmax_cross_entropy(x, labels)[0], logits, ones)
    np.testing.assert_allclose(gradient, slope, atol=1e-8)
    classes = np.array([3, 0, 2])
    loss, gradient = nn.sparse_softmax_cross_entropy(logits, classes)
    slope = _slope(lambda x: nn.sparse_softmax_cross_entropy(x, classes)[0], logits, ones)
    np.testing.assert_allclose(gradient, slope, atol=1e-8)
    dense, _ = nn.softmax_cross_entropy(logits, np.eye(4)[classes])
    np.testing.assert_allclose(loss, dense, atol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_is_one_over_its_axis_however_large_the_logits(axis: int) -> None:
    x = _normal(3, 4) * 1e4
    shares = nn.softmax(x, axis=axis)
    np.testing.assert_allclose(shares.sum(axis=axis), 1.0)
    np.testing.assert_allclose(np.exp(nn.log_softmax(x, axis=axis)), shares, atol=1e-12)
