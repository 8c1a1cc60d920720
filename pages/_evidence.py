"""Why a patient is on the list: for each care gap the rule, what was looked at, and what would close it."""

STATES = {
    "overdue": ("Overdue", "red", ":material/event_busy:"),
    "out_of_range": ("Out of range", "red", ":material/monitor_heart:"),
    "due_soon": ("Due soon", "orange", ":material/event_upcoming:"),
    "satisfied": ("Satisfied", "green", ":material/check_circle:"),
    "excluded": ("Excluded", "gray", ":material/block:"),
    "cannot_determine": ("Cannot determine", "violet", ":material/help:"),
    "not_applicable": ("Not applicable", "gray", ":material/remove:"),
}
