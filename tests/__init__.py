"""Tests. Two processes run them on two cores, so Polars gets one thread in each: more would be in each other's way.

They start many processes of the program, so it is compiled once for all of them, also where the environment says
otherwise.
"""

import os
import sys

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # read when Polars is imported first
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
