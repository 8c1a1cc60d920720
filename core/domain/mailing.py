"""Why letters come back, as the post office writes on them (USPS DMM 507 1.4.1), and what that says of the address."""

# About the address: nobody gets letters there any more.
_OF_ADDRESS = {
    "mail_undeliverable": "not deliverable as addressed",
    "mail_insufficient": "the address is insufficient",
    "mail_no_number": "there is no such number or street",
    "mail_no_box": "there is no mailbox",
    "mail_vacant": "the house or flat is vacant",
}
# About the person: others at the address still get letters.
_OF_PERSON = {
    "mail_moved": "moved, and no forwarding address is known",
    "mail_unknown": "not known at this address",
    "mail_refused": "refused",
    "mail_unclaimed": "not collected",
    "mail_deceased": "marked as deceased",
}
RETURN_REASONS: dict[str, str] = _OF_ADDRESS | _OF_PERSON


def is_of_address(reason: str) -> bool:
    """Whether nobody at the address gets letters after one came back with this reason."""
    return reason in _OF_ADDRESS
