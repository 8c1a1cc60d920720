"""The table of settings in docs/settings.md. After a change of the table: python -m tests.setting_docs"""

from pathlib import Path

from core.domain.organisation import Organisation
from core.domain.setting import SECTIONS
from core.domain.setting_table import SETTINGS, of_section
from core.domain.setting_words import short_text

MARKS = ("<!-- settings -->", "<!-- end of settings -->")
PAGE = Path(__file__).parent.parent / "docs" / "settings.md"


def table() -> str:
    """A heading and a table for each section."""
    lines = []
    for section, name in SECTIONS.items():
        lines += [f"### {name}", "", "| setting | default | possible | what it is |", "|---|---|---|---|"]
        for setting in of_section(section):
            default = short_text(setting, getattr(Organisation(), setting.key))
            cells = (f"{setting.label} (`{setting.key}`)", default, _possible(setting.key), setting.help)
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines).strip()


def _possible(key: str) -> str:
    setting = SETTINGS[key]
    if setting.choices:
        return ", ".join(setting.choices.values())
    if setting.least is not None and setting.most is not None:
        ends = f"{setting.least:,.0f} to {setting.most:,.0f}"
        return f"{ends}, or {setting.without}" if setting.is_optional else ends
    return f"at most {setting.most:,.0f}" if setting.most else ""


if __name__ == "__main__":
    before, _, rest = PAGE.read_text("utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    PAGE.write_text(f"{before}{MARKS[0]}\n\n{table()}\n\n{MARKS[1]}{after}", "utf-8")
