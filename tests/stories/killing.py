"""Processes that are killed while they work."""

import subprocess


def killed_within(child, seconds):
    """Kill a process after so many seconds; False if it had ended before."""
    try:
        child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return True
    return False
