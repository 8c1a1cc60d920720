"""What was typed into a step of the campaign editor that is drawn no more.

Leaving a field and pressing on another step may reach the server as one change: the step left is not drawn again, so
its widgets cannot return what was typed. Until that run ends the session still knows it.
"""

from dataclasses import replace
from typing import Any

import streamlit as st

from core.domain.campaign import DEFAULT_LANGUAGE, Campaign, Message
from core.domain.merge_field import FIELDS

_PLAIN = ("name", "from_email", "from_name", "start_on", "purpose", "description")


def typed(draft: Campaign) -> Campaign:
    """The draft with everything that the widgets of its steps held when this run began."""
    changes = {name: _now(draft, name, getattr(draft, name)) for name in _PLAIN}
    body = st.session_state.get(body_key(draft), {}).get("html")
    subject = _now(draft, "subject", draft.message.subject)
    message = Message(subject, draft.message.body if body is None else body)
    return replace(
        draft,
        **changes,
        messages={DEFAULT_LANGUAGE: message},
        measures=tuple(_now(draft, "measures", draft.measures)),
        skip_closed_gaps=_now(draft, "skip", draft.skip_closed_gaps),
        skip_booked=_now(draft, "skip_booked", draft.skip_booked),
        fields={**draft.fields, **_written(draft)},
    )


def body_key(draft: Campaign) -> str:
    """Where the session keeps the body's box; another one after each message that was put into it."""
    return f"ce_{draft.campaign_id}_{draft.version}_body_{st.session_state.get('ce_body_seed', 0)}"


def _now(draft: Campaign, name: str, otherwise: Any) -> Any:
    return st.session_state.get(f"ce_{draft.campaign_id}_{draft.version}_{name}", otherwise)


def _written(draft: Campaign) -> dict[str, str]:
    names = [name for name, field in FIELDS.items() if field.source == "author"]
    return {name: text for name in names if (text := _now(draft, name, None)) is not None}
