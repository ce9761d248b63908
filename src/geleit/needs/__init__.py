"""Needs: what a person wants solved, from the first record until it is gone; opened, continued and closed by rule."""
