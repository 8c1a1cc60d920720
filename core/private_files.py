"""Files that hold patients' data are for the account that runs Careloop alone, whatever its shell would give others."""

import os


def keep_private() -> None:
    """From now on this process makes files as 0600 and folders as 0700. What begins a process calls it: the command
    line and the pages. A notebook's process is its owner's, who decides."""
    os.umask(os.umask(0o077) | 0o077)
