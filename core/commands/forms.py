"""`careloop form` and `careloop logo`: the forms on paper, and the logos that they and emails show."""

from pathlib import Path
from typing import Annotated

import typer

from core.errors import CareloopError
from core.workbench import open_workbench

form_app = typer.Typer(no_args_is_help=True, help="Forms on paper as PDFs, to print or to fill in on the screen.")
logo_app = typer.Typer(no_args_is_help=True, help="Logos of the organisation: the one that emails and forms show.")

Language = Annotated[str, typer.Option(help="en or es.")]
Out = Annotated[Path | None, typer.Option(help="File to write. Default: a name of its own in this folder.")]
LogoId = Annotated[str, typer.Argument(help="Its id, as 'careloop logo list' shows it.")]


@form_app.command("consent")
def form_consent(language: Language = "en", out: Out = None) -> None:
    """Write the consent to text messages: two pages to be signed."""
    from core import paper_forms

    content = paper_forms.consent_form(open_workbench(), language=language)
    _write(content, out or Path(paper_forms.file_name(paper_forms.CONSENT, language)))


@form_app.command("opt-out")
def form_opt_out(language: Language = "en", out: Out = None) -> None:
    """Write the request to stop messages, for a patient or for staff who may not enter opt-outs."""
    from core import paper_forms

    content = paper_forms.opt_out_request(open_workbench(), language=language)
    _write(content, out or Path(paper_forms.file_name(paper_forms.OPT_OUT, language)))


@logo_app.command("add")
def logo_add(
    file: Annotated[Path, typer.Argument(help="A PNG, JPEG or SVG picture of at most 2 MB.")],
    name: Annotated[str, typer.Option(help="Whose logo it is, as staff read it.")],
) -> None:
    """Keep a logo. The first one is the organisation's until another one is chosen."""
    from core import logos

    try:
        content = file.read_bytes()
    except OSError as error:
        raise CareloopError(f"{file} cannot be read: {error.strerror}. Check its name and your rights.") from None
    added = logos.add(open_workbench(), name, content)
    print(f"{added.logo_id}  {added.name} ({added.kind}, {len(added.content):,} bytes)")


@logo_app.command("list")
def logo_list() -> None:
    """List the logos; the organisation's has a star."""
    from core import logos

    wb = open_workbench()
    current = logos.organisation_logo(wb)
    for one in logos.logos(wb):
        print(f"{'*' if current and one.logo_id == current.logo_id else ' '} {one.logo_id}  {one.name} ({one.kind})")
    if current is None:
        print("There is no logo. Add one with 'careloop logo add FILE --name NAME'.")


@logo_app.command("choose")
def logo_choose(logo_id: LogoId) -> None:
    """Make a logo the organisation's."""
    from core import logos

    logos.choose(open_workbench(), logo_id)
    print("Emails and forms show this logo from now on. An email takes the first PNG or JPEG when it is an SVG.")


@logo_app.command("remove")
def logo_remove(logo_id: LogoId) -> None:
    """Throw a logo away."""
    from core import logos

    logos.remove(open_workbench(), logo_id)
    print("The logo is removed.")


def _write(content: bytes, out: Path) -> None:
    try:
        out.write_bytes(content)
    except OSError as error:
        raise CareloopError(f"{out} cannot be written: {error.strerror}. Choose another file with --out.") from None
    print(f"Written to {out}")
