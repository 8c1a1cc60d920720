"""Streets and towns that do not exist, in states that do, so that an address has the right form and no owner."""

from core.sample.draw import Weighted

STREETS = (
    "Sample St",
    "Example Ave",
    "Placeholder Ln",
    "Fictional Blvd",
    "Made Up Rd",
    "Imaginary Ct",
    "Pretend Pl",
    "Nowhere Dr",
    "Invented Way",
    "Mock Orange Ter",
    "Specimen St",
    "Demo Pkwy",
)

# city, state, ZIP. Two Massachusetts ZIP codes begin with a zero, as some of those who winter elsewhere give.
Town = tuple[str, str, str]
TOWNS = Weighted[Town](
    {
        ("Exampleton", "IL", "60000"): 0.24,
        ("Sampleville", "IL", "61999"): 0.2,
        ("Mockingham", "WI", "53999"): 0.16,
        ("Fictional Falls", "WI", "54999"): 0.12,
        ("Pretend Prairie", "IA", "52999"): 0.12,
        ("Invented Hills", "MN", "55999"): 0.1,
        ("Nowhere Springs", "AZ", "85999"): 0.02,
        ("Imaginary Harbor", "MA", "02999"): 0.02,
        ("Placeholder Park", "FL", "34999"): 0.02,
    }
)

APARTMENTS = ("Apt 1", "Apt 2B", "Apt 14", "Unit 3", "Unit 210", "# 5", "Lot 12", "Floor 2")
