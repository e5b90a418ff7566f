"""TwiML, as far as phones need it: the XML by which an application tells the carrier what to say, ask or send."""

from dataclasses import dataclass
from xml.etree import ElementTree

from bot.errors import InvalidInput


@dataclass(frozen=True)
class Say:
    """Spoken `loop` times (0 means for ever, which a phone hears once)."""

    text: str
    loop: int = 1


@dataclass(frozen=True)
class Pause:
    """Silence, in seconds."""

    length: int = 1


@dataclass(frozen=True)
class Gather:
    """Ask for keys. `timeout` in seconds after the last word; `num_digits` 0 means until the finishing key or the time-out."""

    prompts: tuple["Say | Pause", ...]
    action: str = ""
    method: str = "POST"
    num_digits: int = 0
    finish_on_key: str = "#"
    timeout: float = 5.0
    action_on_empty: bool = False


@dataclass(frozen=True)
class Redirect:
    """Fetch another document and go on there. An empty address is the current document's."""

    url: str
    method: str = "POST"


@dataclass(frozen=True)
class Hangup:
    """End the call."""


@dataclass(frozen=True)
class Message:
    """Send an SMS back to who wrote."""

    body: str


Verb = Say | Pause | Gather | Redirect | Hangup | Message


def parse(document: str) -> list[Verb]:
    """The verbs of a `<Response>` in their order. Raises `InvalidInput` for what Twilio would refuse (its errors 12100 and 12200)."""
    if not document.strip():
        return []
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError as wrong:
        raise InvalidInput(f"12100: the document is not well-formed XML: {wrong}.") from wrong
    if root.tag != "Response":
        raise InvalidInput(f"12100: the document's root is <{root.tag}>, not <Response>.")
    return [verb(element) for element in root]


def verb(element: ElementTree.Element) -> Verb:
    """One element as a verb. Raises `InvalidInput` for an unknown one."""
    match element.tag:
        case "Say":
            return say(element)
        case "Play":
            return Say(f"[plays {text_of(element)}]")
        case "Pause":
            return Pause(number(element, "length", 1))
        case "Gather":
            return gather(element)
        case "Redirect":
            return Redirect(text_of(element), element.get("method", "POST").upper())
        case "Hangup" | "Reject":
            return Hangup()
        case "Message" | "Sms":
            return Message(message_body(element))
        case other:
            raise InvalidInput(f"12200: <{other}> is not a verb that this phone knows.")


def say(element: ElementTree.Element) -> Say:
    return Say(text_of(element), number(element, "loop", 1))


def gather(element: ElementTree.Element) -> Gather:
    prompts: list[Say | Pause] = []
    for child in element:
        step = verb(child)
        if not isinstance(step, Say | Pause):
            raise InvalidInput(f"12200: <{child.tag}> may not stand inside <Gather>.")
        prompts.append(step)
    return Gather(
        prompts=tuple(prompts),
        action=element.get("action", ""),
        method=element.get("method", "POST").upper(),
        num_digits=number(element, "numDigits", 0),
        finish_on_key=element.get("finishOnKey", "#"),
        timeout=float(number(element, "timeout", 5)),
        action_on_empty=element.get("actionOnEmptyResult", "false") == "true",
    )


def message_body(element: ElementTree.Element) -> str:
    bodies = [text_of(body) for body in element.iter("Body")]
    return "\n".join(bodies) if bodies else text_of(element)


def text_of(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split()) if element.tag != "Message" else "".join(element.itertext()).strip()


def number(element: ElementTree.Element, attribute: str, default: int) -> int:
    value = element.get(attribute)
    if value is None:
        return default
    if not value.isdecimal():
        raise InvalidInput(f"12200: <{element.tag} {attribute}> must be a whole number, not {value!r}.")
    return int(value)
