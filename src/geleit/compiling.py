"""How machine code is made of functions: at the first call, kept on disk for the next process where there is a place."""

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

    The machine code is kept beside the module, or in the user's cache folder where the package may not be written. A user
    who has none, as in many containers, waits for it in each process.
    """
    try:
        made = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # nothing can be kept
        made = numba.njit(nogil=True)(function)
    return cast("Callable[P, R]", made)
