"""Commands for the people who work here: the way back in when nobody can sign in any more."""

from typing import Annotated

import typer

from core.domain.role import ROLES, names
from core.domain.user import Scope
from core.workbench import open_workbench

user_app = typer.Typer(no_args_is_help=True, help="Who may sign in, and passwords for the first sign-in.")
Name = Annotated[str, typer.Argument(help="The name for signing in, such as ana.reyes.")]
_ROLES = ", ".join(ROLES)


@user_app.command("add")
def user_add(
    name: Name,
    role: Annotated[list[str], typer.Option(help=f"Repeatable: {_ROLES}.")],
    called: Annotated[str, typer.Option(help="What people call this person. Default: the name for signing in.")] = "",
    email: Annotated[str, typer.Option(help="With which the person can sign in as well.")] = "",
    group: Annotated[list[str] | None, typer.Option(help="Repeatable: only patients of this group, by its id.")] = None,
    provider: Annotated[list[str] | None, typer.Option(help="Repeatable: only patients of this PCP.")] = None,
    password: Annotated[bool, typer.Option(help="Give a password; not for who signs in with OpenID Connect.")] = True,
) -> None:
    """Add a user and print the password for the first sign-in."""
    from core import users

    scope = Scope(frozenset(group) if group else None, frozenset(provider) if provider else None)
    given = users.invite(
        open_workbench(), name, called or name, email=email, roles=role, scope=scope, password=password
    )
    print(f"Added {name.lower()}.")
    _say(given)


@user_app.command("password")
def user_password(name: Name) -> None:
    """Print a new password for once and sign the user out everywhere: for who has forgotten theirs."""
    from core import users

    _say(users.reset_password(open_workbench(), name))


@user_app.command("list")
def user_list() -> None:
    """List the users with their roles."""
    from core import users

    for person in users.persons(open_workbench()):
        state = "" if person.is_active else "  (inactive)"
        state = state or ("" if person.has_way_in else "  (cannot sign in)")
        print(f"{person.user.user_id:<24}{person.user.name:<28}{names(person.user.roles)}{state}")


@user_app.command("off")
def user_off(name: Name) -> None:
    """Make a user inactive and sign them out everywhere."""
    from core import users

    users.change(open_workbench(), name, is_active=False)
    print(f"{name} cannot sign in any more.")


@user_app.command("on")
def user_on(name: Name) -> None:
    """Let a user who was made inactive sign in again."""
    from core import users

    users.change(open_workbench(), name, is_active=True)
    print(f"{name} can sign in again.")


@user_app.command("role")
def user_role(name: Name, role: Annotated[list[str], typer.Argument(help=f"All roles of the user: {_ROLES}.")]) -> None:
    """Give a user these roles in place of those before."""
    from core import users

    users.change(open_workbench(), name, roles=role)
    print(f"{name} is {names(role)} now.")


@user_app.command("link")
def user_link(
    name: Name,
    subject: Annotated[str, typer.Argument(help="What the OpenID Connect provider calls the person ('sub').")],
) -> None:
    """Say who a user is at the OpenID Connect provider: for one that verifies no email addresses."""
    from core import openid

    openid.link(open_workbench(), name, subject)
    print(f"{name} is linked.")


@user_app.command("unlink")
def user_unlink(name: Name) -> None:
    """Forget who a user is at the OpenID Connect provider and sign them out everywhere."""
    from core import openid

    openid.unlink(open_workbench(), name)
    print(f"{name} is linked to nobody at the provider any more.")


def _say(password: str) -> None:
    if password:
        print(f"Password for the first sign-in, good for seven days and shown only here: {password}")
