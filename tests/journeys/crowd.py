"""The sandbox's company with more colleagues in its teams, so that half a team is more than one."""

from pathlib import Path

from tests.world import CONFIG

COLLEAGUES = tuple(f"{first}{n}" for n in (1, 2) for first in ("ida", "jon", "kai", "lou"))


def crowd(folder: Path, *, opted_in: bool = False, are_experts: bool = False) -> Path:
    """A copy of the sandbox's configuration. `opted_in`: Checkout pages for width with nobody asking.

    Nothing reaches the colleagues, unless they `are_experts` for Checkout: then they have phones.
    """
    for source in CONFIG.glob("*.yaml"):
        text = source.read_text().replace("members: [", f"members: [{', '.join(COLLEAGUES)}, ")
        if source.name == "people.yaml":
            text += "".join(f"  {one}:\n    name: {one.capitalize()}\n" + phone(n) * are_experts for n, one in enumerate(COLLEAGUES))
        if source.name == "services.yaml" and opted_in:
            text = text.replace("    aliases: [shop, cart, payment]", "    aliases: [shop, cart, payment]\n    pages_for_width: true")
        if source.name == "services.yaml" and are_experts:
            text = text.replace("    experts: [kim]", f"    experts: [kim, {', '.join(COLLEAGUES)}]", 1)
        (folder / source.name).write_text(text)
    return folder


def phone(number: int) -> str:
    return f"    phone: '+1555010{number + 10:04}'\n"
