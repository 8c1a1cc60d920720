"""The page on which a home goes live, or becomes a sandbox again."""

from pages import _going_live
from pages._shared import page_head, workbench

page_head("Going live", "Whether messages leave for patients, and what must be right before they do.")
_going_live.show(workbench())
