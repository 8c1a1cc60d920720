"""Careloop: find patients with care gaps, reach them, and see which gaps that closed."""

import os

# How long memory that Polars has freed stays with the process. What one step of a load frees, the next takes again, and
# asking the system for it anew costs a tenth of the load. Polars reads it when it is imported, so after this.
ALLOCATOR = "dirty_decay_ms:40000,muzzy_decay_ms:40000"
os.environ.setdefault("_RJEM_MALLOC_CONF", ALLOCATOR)
