"""Files that hold patients' data are for the account that runs Careloop alone, whatever its shell would give others."""

import os
import stat
from pathlib import Path


def keep_private() -> None:
    """From now on this process makes files as 0600 and folders as 0700. What begins a process calls it: the command
    line and the pages. A notebook's process is its owner's, who decides."""
    os.umask(os.umask(0o077) | 0o077)


def problem(path: Path) -> str:
    """What is wrong with the rights of a file or folder: others than its owner may look into it. Empty when nothing is.
    Raises OSError when it is not there."""
    mode = path.stat().st_mode
    if not mode & (stat.S_IRWXG | stat.S_IRWXO):
        return ""
    if stat.S_ISDIR(mode):
        return f"Others can look into the folder {path}. Run: chmod 700 {path}"
    return f"Others can read or change the file {path}. Run: chmod 600 {path}"
