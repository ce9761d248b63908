"""Compiled passes over the coded columns; each adds to tables of whole numbers that reference SQL counts alike."""
