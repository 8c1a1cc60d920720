"""Health topics: the protocols that reminders belong to and campaigns are tagged with, for opt-outs of one of them."""

from core import rules, templates
from core.workbench import Workbench


def topics(wb: Workbench) -> list[str]:
    """The health topics to choose from: those of the organisation's settings, of its rules and of the library."""
    of_rules = (each.measure.protocol for each in rules.listed(wb))
    of_library = (protocol for template in templates.library() for protocol in template.protocols)
    by_word = {each.casefold(): each for each in (*of_library, *of_rules, *wb.organisation().opt_out_topics) if each}
    return [by_word[word] for word in sorted(by_word)]
