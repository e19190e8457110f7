"""Reads the numbers of a PyTorch file in the format of before 1.6, without PyTorch and without running what is in it.

Such a file is five pickles in a row (magic number, protocol, facts of the system, the tensors as an OrderedDict, the
keys of the storages in their order) and then, for each key, an int64 with the count and the raw little-endian numbers
(torch/serialization.py, `_legacy_save`). A pickle may name any function of any module to be called; here the few names
that tensors need are known and every other one is refused.
"""

import hashlib
import io
import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
STORAGES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class NotReadable(Exception):
    """The file is not what it should be; the text says why in one sentence."""


def read(path: Path, sha256: str) -> dict[str, np.ndarray]:
    """The tensors of a file by name.

    Args:
        sha256: hex digest of the whole file, compared before anything of it is looked at.

    Raises:
        NotReadable: missing, another content, cut off, or with a name in it that no tensor needs.
    """
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise NotReadable(f"{path} cannot be read: {problem.strerror}.") from problem
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise NotReadable(f"{path} is not the file it should be: its sha256 differs.")
    return parse(io.BytesIO(raw), path.name)


def parse(file: BinaryIO, name: str) -> dict[str, np.ndarray]:
    """As `read`, for an open file whose content is known to be the right one."""
    try:
        if [_load(file), _load(file)] != [MAGIC, PROTOCOL]:
            raise NotReadable(f"{name} is no PyTorch file of the format that is known here.")
        facts, tensors, keys = _load(file), _load(file), _load(file)
        if not facts["little_endian"]:
            raise NotReadable(f"{name} was written on a big-endian machine.")
        kinds = {tensor.storage.key: tensor.storage.dtype for tensor in tensors.values()}
        storages = {key: _numbers(file, kinds[key]) for key in keys}
        return {str(key): tensor.array(storages) for key, tensor in tensors.items()}
    except NotReadable:
        raise
    except pickle.UnpicklingError as problem:
        raise NotReadable(f"{name} is refused: {problem}.") from problem
    except (EOFError, KeyError, IndexError, TypeError, ValueError, AttributeError, struct.error) as problem:
        raise NotReadable(f"{name} is cut off or damaged.") from problem


class _Storage:
    """What a persistent id in the pickle stands for: a key, and the kind and number of its numbers."""

    def __init__(self, dtype: np.dtype, key: str, count: int):
        self.dtype, self.key, self.count = dtype, key, count


class _Tensor:
    """A view into a storage, with the arguments of `torch._utils._rebuild_tensor_v2`; strides count numbers."""

    def __init__(self, storage: _Storage, offset: int, shape: tuple, strides: tuple, *_: object):
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def array(self, storages: dict[str, bytes]) -> np.ndarray:
        """The tensor's own copy of its numbers. Raises ValueError where it reaches beyond its storage."""
        numbers = np.frombuffer(storages[self.storage.key], self.storage.dtype)
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.strides, strict=True))
        if len(numbers) != self.storage.count or self.offset < 0 or min(self.strides, default=0) < 0:
            raise ValueError("a storage of another size than declared")
        if last >= len(numbers):
            raise ValueError("a tensor that reaches beyond its storage")
        steps = tuple(step * numbers.itemsize for step in self.strides)
        return np.lib.stride_tricks.as_strided(numbers[self.offset :], self.shape, steps).copy()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise pickle.UnpicklingError(f"it wants {module}.{name}, which no tensor needs")

    def persistent_load(self, pid: tuple) -> _Storage:
        kind, dtype, key, _, count, *_ = pid
        if kind != "storage" or not isinstance(dtype, np.dtype) or not isinstance(count, int):
            raise pickle.UnpicklingError("it holds something else than tensors")
        return _Storage(dtype, str(key), count)


def _load(file: BinaryIO) -> Any:
    return _Unpickler(file).load()


def _numbers(file: BinaryIO, dtype: np.dtype) -> bytes:
    """The next storage's bytes."""
    (count,) = struct.unpack("<q", file.read(8))
    raw = file.read(count * dtype.itemsize) if count >= 0 else b""
    if len(raw) != count * dtype.itemsize:
        raise EOFError
    return raw
