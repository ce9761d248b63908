"""geleit accompanies customers through their journeys."""

__version__ = "0.1.0"
