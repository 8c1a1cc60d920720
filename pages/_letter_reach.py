"""Who gets a letter and who gets none, with exactly why; and how many want no messages at all and get a letter."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core import campaigns, message_costs, preflight, templates
from core.domain.campaign import Campaign
from core.domain.eligibility import what_to_do
from core.domain.merge_field import FIELDS
from core.errors import CareloopError
from core.workbench import Workbench
from pages._shared import count, plain
