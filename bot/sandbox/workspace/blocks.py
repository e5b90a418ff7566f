"""Whether blocks are what Slack takes: their types, required parts and the published limits.

Numbers are those of the Block Kit reference; `at` is the JSON pointer that Slack names in its answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sandbox.workspace.elements import ElementCheck
from bot.sandbox.workspace.wire import Json

MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
LONGEST_MARKDOWN = 12_000
ONLY_IN_MESSAGES = frozenset(
    {"file", "table", "data_table", "context_actions", "alert", "card", "carousel", "plan", "task_card", "container"}
)


class BlockCheck(ElementCheck):
    """Checks the blocks of one surface (message, modal or home) and collects what is wrong."""

    def __init__(self, surface: str) -> None:
        super().__init__(surface)
        self.kinds: dict[str, Callable[[Json, str], None]] = {
            "section": self.section,
            "header": self.header,
            "actions": self.actions,
            "context": self.context,
            "input": self.input,
            "image": self.image,
            "markdown": self.markdown,
            "context_actions": self.context_actions,
            "rich_text": self.rich_text,
            "video": self.video,
        }
        self.markdown_length = 0

    def blocks(self, blocks: Any) -> list[str]:
        """Every problem, as Slack words it; empty when all is well."""
        if not isinstance(blocks, list):
            return ["must provide an array [json-pointer:/blocks]"]
        if len(blocks) > MOST_BLOCKS[self.surface]:
            self.wrong(f"no more than {MOST_BLOCKS[self.surface]} items allowed", "/blocks")
        ids: set[str] = set()
        for number, block in enumerate(blocks):
            at = f"/blocks/{number}"
            if not isinstance(block, dict):
                self.wrong("must provide an object", at)
                continue
            self.block(block, at)
            given = block.get("block_id")
            if isinstance(given, str) and given:
                if given in ids:
                    self.wrong(f"`block_id` must be unique: {given}", at)
                ids.add(given)
        return self.problems

    def block(self, block: Json, at: str) -> None:
        kind = block.get("type")
        known = kind in self.kinds or kind in ("divider",) or kind in ONLY_IN_MESSAGES
        if not isinstance(kind, str) or not known or (kind in ONLY_IN_MESSAGES and self.surface != "message"):
            self.wrong(f"unsupported type: {kind}", f"{at}/type")
            return
        if "block_id" in block:
            self.length(block.get("block_id"), 255, f"{at}/block_id", least=0)
        check = self.kinds.get(kind)
        if check is not None:
            check(block, at)

    def section(self, block: Json, at: str) -> None:
        fields = block.get("fields")
        if block.get("text") is None and not fields:
            self.wrong("missing required field: text or fields", at)
        if block.get("text") is not None:
            self.text(block["text"], 3000, f"{at}/text")
        if fields is not None:
            for number, one in enumerate(self.items(fields, 10, f"{at}/fields")):
                self.text(one, 2000, f"{at}/fields/{number}")
        if block.get("accessory") is not None:
            self.element(block["accessory"], "section", f"{at}/accessory")

    def header(self, block: Json, at: str) -> None:
        self.plain_text(block.get("text"), 150, f"{at}/text")

    def actions(self, block: Json, at: str) -> None:
        seen: set[str] = set()
        for number, one in enumerate(self.items(block.get("elements"), 25, f"{at}/elements")):
            self.element(one, "actions", f"{at}/elements/{number}")
            action_id = one.get("action_id")
            if isinstance(action_id, str) and action_id in seen:
                self.wrong(f"`action_id` must be unique: {action_id}", f"{at}/elements/{number}")
            seen.add(str(action_id))

    def context(self, block: Json, at: str) -> None:
        for number, one in enumerate(self.items(block.get("elements"), 10, f"{at}/elements")):
            if one.get("type") == "image":
                self.image(one, f"{at}/elements/{number}")
            else:
                self.text(one, 2000, f"{at}/elements/{number}")

    def input(self, block: Json, at: str) -> None:
        self.plain_text(block.get("label"), 2000, f"{at}/label")
        if block.get("hint") is not None:
            self.plain_text(block["hint"], 2000, f"{at}/hint")
        self.element(block.get("element"), "input", f"{at}/element")

    def image(self, block: Json, at: str) -> None:
        if block.get("image_url") is None and block.get("slack_file") is None:
            self.wrong("missing required field: image_url or slack_file", at)
        if block.get("image_url") is not None:
            self.length(block["image_url"], 3000, f"{at}/image_url")
        self.length(block.get("alt_text"), 2000, f"{at}/alt_text")
        if block.get("title") is not None:
            self.plain_text(block["title"], 2000, f"{at}/title")

    def markdown(self, block: Json, at: str) -> None:
        self.length(block.get("text"), LONGEST_MARKDOWN, f"{at}/text")
        self.markdown_length += len(str(block.get("text", "")))
        if self.markdown_length > LONGEST_MARKDOWN:
            self.wrong(f"markdown blocks hold no more than {LONGEST_MARKDOWN} characters together", at)

    def context_actions(self, block: Json, at: str) -> None:
        for number, one in enumerate(self.items(block.get("elements"), 5, f"{at}/elements")):
            self.element(one, "context_actions", f"{at}/elements/{number}")

    def rich_text(self, block: Json, at: str) -> None:
        if not isinstance(block.get("elements"), list):
            self.wrong("missing required field: elements", at)

    def video(self, block: Json, at: str) -> None:
        for name in ("alt_text", "thumbnail_url", "video_url"):
            self.length(block.get(name), 3000, f"{at}/{name}")
        self.plain_text(block.get("title"), 200, f"{at}/title")


def block_problems(blocks: Any, surface: str) -> list[str]:
    """What is wrong with the blocks of a "message", "modal" or "home"."""
    return BlockCheck(surface).blocks(blocks)
