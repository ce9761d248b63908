"""Chooses, without labels, from which weight on two records count as one person."""

import numpy as np


def choose(count, left, right, weight):
    return 0.0
