"""Whose a tab is: what Streamlit keeps of an open tab belongs to the session in which its page was last drawn.

A tab that lost its connection comes back by the id that Streamlit gave it, and finds what it had open: dialogs,
choices, and the person on whose behalf they act. So the id opens nothing to anybody else, also in the same browser.
"""

from collections import OrderedDict
from threading import Lock

_MOST = 20_000  # tabs remembered; one that is forgotten begins anew
_owners: OrderedDict[str, str] = OrderedDict()
_lock = Lock()


def belongs_to(tab_id: str, session_id: str) -> None:
    """Remember that a page was drawn in this tab for a session."""
    with _lock:
        _owners[tab_id] = session_id
        _owners.move_to_end(tab_id)
        while len(_owners) > _MOST:
            _owners.popitem(last=False)


def is_of(tab_id: str, session_id: str) -> bool:
    """Whether the tab was last drawn for this session."""
    with _lock:
        return _owners.get(tab_id) == session_id
