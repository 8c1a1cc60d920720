"""Which shard a patient belongs to, and whether hashes of an earlier day still mean the same.

Polars' hash is fast but may differ between versions and processors. So everything that keeps hashes also keeps
`PROBE`; where it differs, the hashes are made again.
"""

import polars as pl

_SEED = 7


def shard_of(patient_id: pl.Expr, count: int) -> pl.Expr:
    """The shard, 0 to count-1, of each patient. `count` is a power of two, so that shards can be halved."""
    return (patient_id.hash(_SEED) & (count - 1)).cast(pl.UInt16)


def probe() -> str:
    """The same text as long as hashes are comparable."""
    return format(int(pl.Series(["careloop", "shards"]).hash(_SEED).sum()), "x")
