"""Careloop: find patients with care gaps, reach them, and see which gaps that closed."""
