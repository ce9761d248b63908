"""Measures people against a known truth: pairs, B-cubed, and clusters that are exactly right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares from 0 to 1; pair measures over all pairs of records, B-cubed per record, exact clusters per true person."""

    pair_precision: float
    pair_recall: float
    pair_f1: float
    bcubed_precision: float
    bcubed_recall: float
    bcubed_f1: float
    exact_clusters: float


def measure(found: Sequence[object], truth: Sequence[object]) -> Quality:
    """How well the found people fit the true ones (one label per record; records without a truth are left out)."""
    known = [place for place, label in enumerate(truth) if label is not None]
    a = _codes([found[place] for place in known])
    b = _codes([truth[place] for place in known])
    if not len(a):
        return Quality(1, 1, 1, 1, 1, 1, 1)
    joint = _codes(a * (b.max() + 1) + b)
    sizes_a, sizes_b, sizes_joint = np.bincount(a), np.bincount(b), np.bincount(joint)
    together, linked, true = (_pairs(sizes) for sizes in (sizes_joint, sizes_a, sizes_b))
    precision, recall = (together / linked if linked else 1.0), (together / true if true else 1.0)
    own = sizes_joint[joint]
    b_precision, b_recall = float((own / sizes_a[a]).mean()), float((own / sizes_b[b]).mean())
    exact = (own == sizes_a[a]) & (own == sizes_b[b])
    whole = len(np.unique(b[exact])) / len(sizes_b)
    return Quality(precision, recall, _f1(precision, recall), b_precision, b_recall, _f1(b_precision, b_recall), whole)


def _codes(labels: Sequence[object] | np.ndarray) -> np.ndarray:
    if isinstance(labels, np.ndarray):
        return np.unique(labels, return_inverse=True)[1]
    order = {label: place for place, label in enumerate(dict.fromkeys(labels))}
    return np.array([order[label] for label in labels], np.int64)


def _pairs(sizes: np.ndarray) -> int:
    wide = sizes.astype(np.int64)
    return int((wide * (wide - 1) // 2).sum())


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
