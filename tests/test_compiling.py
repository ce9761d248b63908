"""Machine code is made where it cannot be kept, too."""

from numba.core.caching import CompileResultCacheImpl

from geleit.compiling import kernel


def double(number: int) -> int:
    return 2 * number


def test_what_cannot_be_kept_is_compiled_in_each_process(monkeypatch):
    """As for a user without a folder of its own, whom the package does not belong to."""
    monkeypatch.setattr(CompileResultCacheImpl, "_locator_classes", [])
    assert kernel(double)(21) == 42


def test_machine_code_is_kept(monkeypatch, tmp_path):
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path))
    assert kernel(double)(21) == 42
    assert list(tmp_path.rglob("*double*.nbi"))
