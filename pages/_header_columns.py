"""What each of our columns is called in a file, how its dates are written, and what its words mean."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core import header_maps
from core.domain.header_map import AMBIGUOUS, ORDERS, Proposal
from core.header_maps import Column, Sample
from pages._shared import plain

_NONE = "– not in the file –"
Asked = tuple[dict[str, str], dict[str, str], dict[str, dict[str, str]]]


def ask(table: str, sample: Sample, *, key: str) -> Asked:
    """Columns, orders of dates and words as a person has said; `key` tells one file from another."""
    proposals = header_maps.proposals(table, sample)
    columns = header_maps.columns(table)
    shown = [each for each in columns if each.required or each.name in proposals]
    others = [each for each in columns if each not in shown]
    st.markdown("**What each column is called in the file**")
    st.caption("Proposals are to be looked at. Ids are never guessed.")
    chosen = _headers(shown, sample, proposals, key)
    if others:
        with st.expander(f"Other columns of {plain(table)} ({len(others)})"):
            chosen |= _headers(others, sample, proposals, key)
    return chosen, _orders(columns, chosen, sample, key), _words(table, columns, chosen, sample, key)


def _headers(columns: Sequence[Column], sample: Sample, proposals: Mapping[str, Proposal], key: str) -> dict[str, str]:
    chosen: dict[str, str] = {}
    choices = [_NONE, *sample.headers]
    for start in range(0, len(columns), 3):
        places = st.columns(3)
        for place, column in zip(places, columns[start : start + 3], strict=False):
            proposal = proposals.get(column.name)
            with place:
                picked = st.selectbox(
                    f"{column.name}{' (required)' if column.required else ''}",
                    choices,
                    index=choices.index(proposal.header) if proposal else 0,
                    key=f"map_{key}_{column.name}",
                    help=f"{column.about}. {f'Proposed: {proposal.how}.' if proposal else ''}",
                )
            if picked and picked != _NONE:
                chosen[column.name] = picked
    return chosen


def _orders(columns: Sequence[Column], chosen: Mapping[str, str], sample: Sample, key: str) -> dict[str, str]:
    """Asked where the usual reading does not do, or may not."""
    found: dict[str, str] = {}
    for column in columns:
        header = chosen.get(column.name)
        if header is None or column.kind not in ("date", "moment"):
            continue
        seen = header_maps.date_order(sample, header)
        if seen not in ("dmy", AMBIGUOUS):
            continue
        choices = [each for each in ORDERS if each]
        picked = st.selectbox(
            f"In which order are the dates below '{header}' written?",
            choices,
            index=choices.index(seen) if seen in choices else None,
            format_func=ORDERS.__getitem__,
            placeholder="They can be read in two ways: choose",
            key=f"map_{key}_{column.name}_order",
        )
        if picked:
            found[column.name] = picked
    return found


def _words(
    table: str, columns: Sequence[Column], chosen: Mapping[str, str], sample: Sample, key: str
) -> dict[str, dict[str, str]]:
    """Asked for each word that is not known by itself."""
    found: dict[str, dict[str, str]] = {}
    for column in columns:
        header = chosen.get(column.name)
        unknown = header_maps.unknown_words(table, column.name, sample, header) if header else []
        if not unknown:
            continue
        st.markdown(f"**What the words below '{plain(header or '')}' mean**")
        for start in range(0, len(unknown), 4):
            for place, word in zip(st.columns(4), unknown[start : start + 4], strict=False):
                with place:
                    picked = st.selectbox(
                        f"'{plain(word)}'", ["", *column.words], key=f"map_{key}_{column.name}_{word}",
                        format_func=lambda each: each or "nothing that is known",
                    )  # fmt: skip
                found.setdefault(column.name, {})[word] = picked or ""
    return found
