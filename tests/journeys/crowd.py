"""The sandbox's company with more colleagues in its teams, so that half a team is more than one. Nothing reaches them."""

from pathlib import Path

from tests.world import CONFIG

COLLEAGUES = tuple(f"{first}{n}" for n in (1, 2) for first in ("ida", "jon", "kai", "lou"))


def crowd(folder: Path, *, opted_in: bool = False) -> Path:
    """A copy of the sandbox's configuration; `opted_in`: Checkout pages for width with nobody asking."""
    for source in CONFIG.glob("*.yaml"):
        text = source.read_text()
        text = text.replace("members: [", f"members: [{', '.join(COLLEAGUES)}, ")
        if source.name == "people.yaml":
            text += "".join(f"  {one}:\n    name: {one.capitalize()}\n" for one in COLLEAGUES)
        if opted_in:
            text = text.replace("    aliases: [shop, cart, payment]", "    aliases: [shop, cart, payment]\n    pages_for_width: true")
        (folder / source.name).write_text(text)
    return folder
