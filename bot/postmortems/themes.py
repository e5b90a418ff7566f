"""The colours of pictures: those of pages, by day as they are drawn, by night by a stylesheet inside the picture."""

INK, QUIET, LINE, FAINT, CARD, PAPER = "#1a1c1f", "#5b626b", "#d9dde2", "#c3cad3", "#f4f6f8", "#fefefe"
GOOD, TROUBLE = "#1b6e3c", "#b3261e"
NIGHT = {
    INK: "#eceef0", QUIET: "#a2a9b2", LINE: "#343a41", FAINT: "#4a525c", CARD: "#1c2025", PAPER: "#121417",
    GOOD: "#7fd6a0", TROUBLE: "#ff9d94",
}  # fmt: skip


def themed(svg: str) -> str:
    """The picture with colours that follow the reader's theme."""
    day = "".join(f"--{colour[1:]}:{colour};" for colour in NIGHT)
    night = "".join(f"--{colour[1:]}:{dark};" for colour, dark in NIGHT.items())
    for colour in NIGHT:
        svg = svg.replace(f": {colour}", f": var(--{colour[1:]})").replace(f'="{colour}"', f'="var(--{colour[1:]})"')
    style = f"<style>:root{{{day}}}@media (prefers-color-scheme: dark){{:root{{{night}}}}}</style>"
    head, opening, rest = svg.partition("<svg ")
    inside, end, body = rest.partition(">")
    return f"{head}{opening}{inside}{end}{style}{body}"
