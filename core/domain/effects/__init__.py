"""Whether a campaign worked: random allocation, differences with their intervals, time to closure, and power.

Everything here is arithmetic on counts and days; which patients and which closures are counted is decided in
core.effects. Levels are 95 % and two-sided everywhere.
"""
