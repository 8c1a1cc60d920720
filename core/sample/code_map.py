"""What the sample's own codes mean. Some are left out on purpose, as every feed has codes that nobody mapped.

A code may stand for two concepts: a well-child visit is an office visit as well.
"""

import csv
from pathlib import Path

from core.sample.visits import NEW, OFFICE, PHYSICAL, TELEPHONE, VIDEO, WELL_CHILD

_ROWS = (
    *(("LOCAL", kind.code, "office_visit", kind.type) for kind in (OFFICE, NEW, PHYSICAL, WELL_CHILD)),
    *(("LOCAL", kind.code, "office_visit", kind.type) for kind in (VIDEO, TELEPHONE)),
    ("LOCAL", WELL_CHILD.code, "preventive_visit_child", WELL_CHILD.type),
    ("LOCAL", PHYSICAL.code, "preventive_visit_adult", PHYSICAL.type),
    ("LOCAL", "POCA1C", "hba1c", "HbA1c point of care"),
    ("LOCAL", "MAMSCR", "mammogram", "Mammogram screening bilateral"),
    ("LOCAL", "MAMDX", "mammogram", "Mammogram diagnostic"),
    ("LOCAL", "COLO", "colonoscopy", "Colonoscopy"),
    ("LOCAL", "RETINAL", "retinal_exam", "Dilated retinal exam"),
    ("LOCAL", "RETPHOTO", "retinal_exam", "Retinal photograph"),
    ("LOCAL", "BONEDEN", "bone_density", "Bone density, hip and spine"),
)


def write_code_map(path: Path, *, source_system: str) -> None:
    """Write code_map.csv as `careloop codes load` reads it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("source_system", "system", "code", "concept", "text"))
        writer.writerows((source_system, *row) for row in _ROWS)
