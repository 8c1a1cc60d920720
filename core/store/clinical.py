"""The Parquet store of clinical data."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ClinicalStore:
    """All generations of clinical data, below one folder of the home."""

    folder: Path
