"""TwiML is read here: XML from the application, which may be anything."""

from xml.etree.ElementTree import Element, ParseError  # nosec B405 # the classes only: defusedxml reads

from defusedxml.ElementTree import fromstring


def document(text: str) -> Element | None:
    """The root of an XML document, None when it is none. One that declares a DTD is refused, because entities may be
    made to grow without end."""
    try:
        root: Element = fromstring(text, forbid_dtd=True)
        return root
    except (ParseError, ValueError):
        return None


def messages_in(text: str) -> list[str]:
    """The texts of <Response><Message>...</Message></Response>, or of a lone <Message>."""
    root = document(text) if text.strip() else None
    if root is None:
        return []
    found = [root] if root.tag == "Message" else [child for child in root if child.tag == "Message"]
    return [words for words in map(_words_of, found) if words]


def words(element: Element) -> str:
    """What an element says, with whatever is marked up inside it, on one line."""
    return " ".join("".join(element.itertext()).split())


def _words_of(message: Element) -> str:
    bodies = message.findall("Body")
    said = ["".join(part.itertext()) for part in bodies or [message]]
    return "".join(said).strip()
