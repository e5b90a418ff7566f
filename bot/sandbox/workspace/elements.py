"""Whether interactive elements and texts are what Slack takes."""

from __future__ import annotations

from typing import Any

from bot.sandbox.workspace.wire import Json

STATIC = ("static_select", "multi_static_select")
EXTERNAL = ("external_select", "multi_external_select")
PEOPLE = ("users_select", "multi_users_select")
PLACES = ("channels_select", "multi_channels_select", "conversations_select", "multi_conversations_select")
PICKERS = ("datepicker", "timepicker", "datetimepicker")
CHOICES = ("checkboxes", "radio_buttons")
SELECTS = STATIC + EXTERNAL + PEOPLE + PLACES
WRITTEN = ("plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input")

ALLOWED = {
    "section": ("button", "overflow", "image", "workflow_button", *SELECTS, *PICKERS, *CHOICES),
    "actions": ("button", "overflow", "workflow_button", "rich_text_input", *SELECTS, *PICKERS, *CHOICES),
    "input": (*WRITTEN, *SELECTS, *PICKERS, *CHOICES, "file_input"),
    "context_actions": ("feedback_buttons", "icon_button"),
}


class ElementCheck:
    """The checks that blocks are made of. `problems` are in Slack's words."""

    def __init__(self, surface: str) -> None:
        self.surface = surface
        self.problems: list[str] = []

    def wrong(self, what: str, at: str) -> None:
        self.problems.append(f"{what} [json-pointer:{at}]")

    def length(self, value: Any, most: int, at: str, least: int = 1) -> None:
        if not isinstance(value, str):
            self.wrong("missing required field" if value is None else "must be a string", at)
        elif len(value) < least:
            self.wrong(f"must be more than {least - 1} characters", at)
        elif len(value) > most:
            self.wrong(f"must be less than {most + 1} characters", at)

    def items(self, value: Any, most: int, at: str) -> list[Json]:
        if not isinstance(value, list) or not value:
            self.wrong("missing required field" if value is None else "no fewer than 1 items allowed", at)
            return []
        if len(value) > most:
            self.wrong(f"no more than {most} items allowed", at)
        for number, one in enumerate(value):
            if not isinstance(one, dict):
                self.wrong("must provide an object", f"{at}/{number}")
        return [one for one in value if isinstance(one, dict)]

    def text(self, value: Any, most: int, at: str) -> None:
        """A plain_text or mrkdwn object."""
        if not isinstance(value, dict) or value.get("type") not in ("plain_text", "mrkdwn"):
            self.wrong("must provide a text object", at)
            return
        self.length(value.get("text"), most, f"{at}/text")

    def plain_text(self, value: Any, most: int, at: str) -> None:
        if isinstance(value, dict) and value.get("type") == "mrkdwn":
            self.wrong("must be a plain_text object", at)
            return
        self.text(value, most, at)

    def element(self, element: Any, place: str, at: str) -> None:
        """An element in a section's accessory, an actions block, an input or context actions."""
        if not isinstance(element, dict):
            self.wrong("missing required field" if element is None else "must provide an object", at)
            return
        kind = element.get("type")
        if kind not in ALLOWED[place]:
            self.wrong(f"unsupported type: {kind}", f"{at}/type")
            return
        if kind == "file_input" and self.surface != "modal":
            self.wrong("file_input is only for modals", at)
        self.common(element, at)
        if kind == "button":
            self.button(element, at)
        elif kind in STATIC:
            self.static_select(element, at)
        elif kind in CHOICES:
            self.options(element.get("options"), 10, f"{at}/options", texts=("plain_text", "mrkdwn"))
        elif kind == "overflow":
            self.options(element.get("options"), 5, f"{at}/options")
        elif kind == "plain_text_input":
            self.written(element, at)
        elif kind == "image":
            self.length(element.get("alt_text"), 2000, f"{at}/alt_text")

    def common(self, element: Json, at: str) -> None:
        if element.get("action_id") is not None:
            self.length(element["action_id"], 255, f"{at}/action_id")
        if element.get("placeholder") is not None:
            self.plain_text(element["placeholder"], 150, f"{at}/placeholder")
        if element.get("confirm") is not None:
            self.confirm(element["confirm"], f"{at}/confirm")

    def button(self, element: Json, at: str) -> None:
        self.plain_text(element.get("text"), 75, f"{at}/text")
        if element.get("value") is not None:
            self.length(element["value"], 2000, f"{at}/value", least=0)
        if element.get("url") is not None:
            self.length(element["url"], 3000, f"{at}/url", least=0)
        if element.get("style") not in (None, "primary", "danger"):
            self.wrong("must be a valid enum value", f"{at}/style")

    def static_select(self, element: Json, at: str) -> None:
        groups = element.get("option_groups")
        if groups is None:
            self.options(element.get("options"), 100, f"{at}/options")
            return
        for number, group in enumerate(self.items(groups, 100, f"{at}/option_groups")):
            self.plain_text(group.get("label"), 75, f"{at}/option_groups/{number}/label")
            self.options(group.get("options"), 100, f"{at}/option_groups/{number}/options")

    def options(self, value: Any, most: int, at: str, texts: tuple[str, ...] = ("plain_text",)) -> None:
        for number, option in enumerate(self.items(value, most, at)):
            where = f"{at}/{number}"
            text = option.get("text")
            if not isinstance(text, dict) or text.get("type") not in texts:
                self.wrong("must provide a text object", f"{where}/text")
            else:
                self.length(text.get("text"), 75, f"{where}/text/text")
            self.length(option.get("value"), 150, f"{where}/value")
            if option.get("description") is not None:
                self.text(option["description"], 75, f"{where}/description")

    def written(self, element: Json, at: str) -> None:
        for name, least in (("min_length", 0), ("max_length", 1)):
            value = element.get(name)
            if value is not None and not (isinstance(value, int) and least <= value <= 3000):
                self.wrong(f"must be between {least} and 3000", f"{at}/{name}")
        if element.get("initial_value") is not None:
            self.length(element["initial_value"], int(element.get("max_length") or 3000), f"{at}/initial_value", least=0)

    def confirm(self, value: Any, at: str) -> None:
        if not isinstance(value, dict):
            self.wrong("must provide an object", at)
            return
        for name, most in (("title", 100), ("confirm", 30), ("deny", 30)):
            if value.get(name) is not None:
                self.plain_text(value[name], most, f"{at}/{name}")
        self.text(value.get("text"), 300, f"{at}/text")
