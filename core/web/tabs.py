"""Whose a tab is: what Streamlit keeps of an open tab belongs to the session in which its page was last drawn.

A tab that lost its connection comes back by the id that Streamlit gave it, and finds what it had open: dialogs,
choices, and the person on whose behalf they act. So the id opens nothing to anybody else, also in the same browser.
"""

from collections import OrderedDict
from threading import Lock

from starlette.types import Scope

_PROTOCOL = b"sec-websocket-protocol"
_ID = 2  # its place in that header, after the protocol's name and the token against forged requests
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


def only_own(scope: Scope, session_id: str) -> Scope:
    """The websocket's scope without the id of a tab that is not this session's: Streamlit then begins a new one."""
    headers = [(name, _own(value, session_id) if name == _PROTOCOL else value) for name, value in scope["headers"]]
    return {**scope, "headers": headers}


def _own(protocols: bytes, session_id: str) -> bytes:
    entries = [entry.strip() for entry in protocols.split(b",")]
    if len(entries) <= _ID:
        return protocols
    with _lock:
        is_own = _owners.get(entries[_ID].decode("latin-1")) == session_id
    return b", ".join(entries if is_own else entries[:_ID])
