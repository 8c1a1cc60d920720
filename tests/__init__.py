"""Tests. Two processes run them on two cores, so Polars gets one thread in each: more would be in each other's way."""

import os

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # read when Polars is imported first
