"""How kernels are compiled: at the first call, kept on disk for the next process."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba
import numpy as np

P = ParamSpec("P")
R = TypeVar("R")
Number = int | np.int64
"""A whole number inside kernels; np.int64(...) where one of a column would otherwise stay unsigned."""


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function of arrays and numbers at its first call.

    The machine code is kept beside the module, or in the user's cache folder where the package may not be written.
    """
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True)(function))
