"""Examples in docstrings hold."""

import doctest
import importlib
import pkgutil

import pytest

import geleit

MODULES = [
    module.name
    for module in pkgutil.walk_packages(geleit.__path__, "geleit.")
    if not module.name.endswith("__main__") and ".migrations" not in module.name
]


@pytest.mark.parametrize("module", MODULES)
def test_docstring_examples(module):
    assert doctest.testmod(importlib.import_module(module)).failed == 0
