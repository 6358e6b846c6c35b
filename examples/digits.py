"""Handwritten digits for the examples: MNIST from a folder, else scikit-learn's own digits."""

from __future__ import annotations

import argparse
import gzip
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

CLASSES = 10
MNIST_FILES = {
    "train images": "train-images-idx3-ubyte.gz",
    "train labels": "train-labels-idx1-ubyte.gz",
    "test images": "t10k-images-idx3-ubyte.gz",
    "test labels": "t10k-labels-idx1-ubyte.gz",
}
# Held out of MNIST's 60,000 training images, as TensorFlow's tutorials did.
VALIDATION = 5000
SCIKIT_TEST = 360


class DataSet:
    """Images and one-hot labels, handed out in shuffled batches, epoch after epoch.

    Attributes:
        images: float32 [count, side * side], from 0 (paper) to 1 (ink).
        labels: float32 [count, 10], one-hot.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, seed: int) -> None:
        self.images = images
        self.labels = labels
        self._random = np.random.default_rng(seed)
        self._order = self._random.permutation(len(images))
        self._start = 0

    def next_batch(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the next `size` images and labels.

        Every epoch has its own order. A batch that reaches past the end of an epoch takes the
        rest of it and goes on with the next one.
        """
        rest = self._order[self._start : self._start + size]
        self._start += size
        while len(rest) < size:
            self._order = self._random.permutation(len(self.images))
            self._start = size - len(rest)
            rest = np.concatenate([rest, self._order[: self._start]])
        return self.images[rest], self.labels[rest]

    def pieces(self, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield all images and labels once, in order, at most `size` at a time."""
        for start in range(0, len(self.images), size):
            yield self.images[start : start + size], self.labels[start : start + size]


@dataclass(frozen=True)
class Digits:
    """A training and a test set of digits of `side` by `side` pixels, and where they are from."""

    train: DataSet
    test: DataSet
    side: int
    source: str


def read_idx(path: Path) -> np.ndarray:
    """Return the array of uint8 in a gzipped IDX file, the format of MNIST.

    Raises:
        ValueError: It is not an IDX file of unsigned bytes, or is cut short.
    """
    with gzip.open(path) as file:
        data = file.read()
    zero, kind, rank = struct.unpack(">HBB", data[:4])
    if (zero, kind) != (0, 0x08):
        raise ValueError(f"{path} is no IDX file of unsigned bytes")
    shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def one_hot(labels: np.ndarray) -> np.ndarray:
    """Return float32 [count, 10] with a one at each label."""
    return np.eye(CLASSES, dtype=np.float32)[labels]


def load_mnist(folder: Path, seed: int) -> Digits:
    """Read MNIST's four gzipped IDX files from `folder`.

    Raises:
        SystemExit: A file is not there.
    """
    missing = [name for name in MNIST_FILES.values() if not (folder / name).is_file()]
    if missing:
        raise SystemExit(f"--data-dir {folder} lacks {', '.join(missing)}")
    data = {part: read_idx(folder / name) for part, name in MNIST_FILES.items()}
    side = data["train images"].shape[1]

    def make(part: str, skip: int) -> DataSet:
        images = data[f"{part} images"][skip:].reshape(-1, side * side)
        scaled = images.astype(np.float32) / np.float32(255)
        return DataSet(scaled, one_hot(data[f"{part} labels"][skip:]), seed)

    return Digits(make("train", VALIDATION), make("test", 0), side, f"MNIST from {folder}")


def load_scikit(seed: int) -> Digits:
    """Return the 1,797 digits that come with scikit-learn, 8 by 8 pixels each.

    Raises:
        SystemExit: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits  # noqa: PLC0415 - wanted only without MNIST
    except ImportError as error:
        raise SystemExit(
            "no digits to train on: give --data-dir with MNIST's four files "
            f"({', '.join(MNIST_FILES.values())}), or `pip install scikit-learn`"
        ) from error
    pixels, labels = load_digits(return_X_y=True)
    # The split is the same for every seed, so that accuracies can be compared.
    order = np.random.default_rng(0).permutation(len(pixels))
    images, targets = (pixels[order] / 16).astype(np.float32), one_hot(labels[order])
    train = DataSet(images[:-SCIKIT_TEST], targets[:-SCIKIT_TEST], seed)
    test = DataSet(images[-SCIKIT_TEST:], targets[-SCIKIT_TEST:], seed)
    return Digits(train, test, 8, "scikit-learn's digits")


def load(data_dir: Path | None, seed: int) -> Digits:
    """Return MNIST if a folder is named, else scikit-learn's digits, and print which."""
    digits = load_scikit(seed) if data_dir is None else load_mnist(data_dir, seed)
    counts = f"{len(digits.train.images)} to train on, {len(digits.test.images)} to test on"
    print(f"data: {digits.source}, {digits.side}x{digits.side} pixels, {counts}")
    return digits


def arguments(description: str, steps: int, *, trains: bool = True) -> argparse.ArgumentParser:
    """Return the command line that the examples share; `steps` is the default."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data-dir", type=Path, help="folder with MNIST's four .gz files")
    parser.add_argument("--backend", help="numpy (the default), torch, jax, or a plugin's name")
    parser.add_argument("--steps", type=int, default=steps, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    if trains:
        help_text = "file that takes each step's loss, one a line"
        parser.add_argument("--losses", type=Path, help=help_text)
    return parser


def write_losses(path: Path | None, losses: list[float]) -> None:
    """Write one loss a line with all its digits, if a file was asked for."""
    if path is not None:
        path.write_text("".join(f"{loss!r}\n" for loss in losses), encoding="utf-8")
