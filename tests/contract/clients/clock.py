"""Sets the client's clock wrong by the hours of GELEIT_CLOCK, before the client is loaded."""

import datetime as dt
import os

_wrong = dt.timedelta(hours=float(os.environ.get("GELEIT_CLOCK", "0")))
_real = dt.datetime


class _Wrong(_real):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + _wrong

    @classmethod
    def utcnow(cls):
        return cls.now(dt.UTC).replace(tzinfo=None)


dt.datetime = _Wrong
