"""What the plain pages for signing in are made of."""

from dataclasses import dataclass

from starlette.responses import Response

from core import demo_people
from core.domain.address import phone_link, phone_text
from core.web import plain_page
from core.workbench import Workbench


@dataclass(frozen=True)
class Field:
    """One field of a form."""

    name: str
    label: str
    type: str = "password"
    autocomplete: str = "current-password"
    value: str = ""


@dataclass(frozen=True)
class Link:
    """One link below it."""

    href: str
    text: str


@dataclass(frozen=True)
class Reach:
    """How to reach support; what is empty is not set."""

    hours: str
    email: str
    phone: str
    phone_link: str


def reach(wb: Workbench) -> Reach:
    """How the organisation's support is reached."""
    organisation = wb.organisation()
    phone = organisation.support_phone
    return Reach(organisation.support_hours, organisation.support_email, phone_text(phone), phone_link(phone))


def page(
    wb: Workbench,
    title: str,
    *,
    paragraphs: tuple[str, ...] = (),
    error: str = "",
    status: int = 200,
    action: str = "",
    back: str = "/",
    choosing: str = "",
    fields: tuple[Field, ...] = (),
    button: str = "",
    people: tuple[demo_people.DemoPerson, ...] = (),
    links: tuple[Link, ...] = (),
    openid: str = "",
    is_door: bool = False,
) -> Response:
    """A page with what is given of it: a form, buttons for the people of a demo, the way to the provider `openid`.
    Below the door itself stands how to reach support."""
    return plain_page.page(
        "sign_in.html",
        status=status,
        practice=wb.organisation().name,
        title=title,
        paragraphs=paragraphs,
        error=error,
        action=action,
        next=back,
        choosing=choosing,
        fields=fields,
        button=button,
        people=people,
        password=demo_people.PASSWORD if people else "",
        links=links,
        openid=openid,
        support=reach(wb) if is_door else None,
    )
