"""A small app on unmodified slack_bolt, for tests of the sandbox itself: a command with a modal, a card with buttons, and an echo."""

import asyncio

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.desk import STILL_WORKING

MANIFEST: dict[str, object] = {
    "display_information": {"name": "Tocsin"},
    "features": {
        "bot_user": {"display_name": "tocsin"},
        "slash_commands": [{"command": "/inc", "description": "Declare an incident"}],
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "shortcuts": [{"type": "message", "name": "Add to timeline", "callback_id": "note", "description": "Add it"}],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "commands",
                "chat:write",
                "chat:write.public",
                "channels:manage",
                "channels:read",
                "channels:history",
                "users:read",
                "reactions:read",
            ]
        }
    },
    "settings": {
        "event_subscriptions": {"bot_events": ["message.channels", "reaction_added"]},
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}

CARD = [
    {"type": "header", "text": {"type": "plain_text", "text": "SEV1 checkout is down :fire:"}},
    {
        "type": "section",
        "block_id": "facts",
        "text": {"type": "mrkdwn", "text": "*Commander*: nobody yet. See <https://example.com/d|dashboard> & `checkout`"},
        "fields": [
            {"type": "mrkdwn", "text": "*Service*\ncheckout"},
            {"type": "mrkdwn", "text": "*Since*\n<!date^1772442000^{time}|09:00>"},
        ],
        "accessory": {
            "type": "overflow",
            "action_id": "more",
            "options": [{"text": {"type": "plain_text", "text": "Escalate"}, "value": "escalate"}],
        },
    },
    {"type": "divider"},
    {
        "type": "actions",
        "block_id": "doors",
        "elements": [
            {"type": "button", "action_id": "ack", "value": "42", "style": "primary", "text": {"type": "plain_text", "text": "Ack"}},
            {
                "type": "button",
                "action_id": "resolve",
                "value": "42",
                "text": {"type": "plain_text", "text": "Resolve"},
                "confirm": {
                    "title": {"type": "plain_text", "text": "Resolve?"},
                    "text": {"type": "plain_text", "text": "It can be undone for 5 minutes."},
                    "confirm": {"type": "plain_text", "text": "Resolve it"},
                    "deny": {"type": "plain_text", "text": "Not yet"},
                },
            },
            {
                "type": "static_select",
                "action_id": "sev",
                "placeholder": {"type": "plain_text", "text": "Severity"},
                "options": [{"text": {"type": "plain_text", "text": f"SEV{n}"}, "value": str(n)} for n in (1, 2)],
            },
        ],
    },
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "Rule 1: _unconfirmed_"}]},
]

FORM = {
    "type": "modal",
    "callback_id": "declare",
    "title": {"type": "plain_text", "text": "Declare"},
    "submit": {"type": "plain_text", "text": "Declare it"},
    "close": {"type": "plain_text", "text": "Cancel"},
    "blocks": [
        {
            "type": "input",
            "block_id": "what",
            "label": {"type": "plain_text", "text": "What is wrong?"},
            "hint": {"type": "plain_text", "text": "One sentence."},
            "element": {"type": "plain_text_input", "action_id": "text"},
        },
        {
            "type": "input",
            "block_id": "who",
            "optional": True,
            "label": {"type": "plain_text", "text": "Who leads?"},
            "element": {"type": "users_select", "action_id": "person"},
        },
        {
            "type": "input",
            "block_id": "scope",
            "optional": True,
            "label": {"type": "plain_text", "text": "How bad?"},
            "element": {
                "type": "radio_buttons",
                "action_id": "status",
                "options": [{"text": {"type": "plain_text", "text": word}, "value": word} for word in ("degraded", "major")],
            },
        },
    ],
}


def make(api_url: str, bot_token: str) -> AsyncApp:
    """The app; what it is told ends up in channels, where a test can see it."""
    client = AsyncWebClient(token=bot_token, base_url=api_url)
    app = AsyncApp(client=client, signing_secret="unused", request_verification_enabled=False)

    @app.command("/inc")
    async def declare(ack: AsyncAck, respond: AsyncRespond, command: dict[str, str], client: AsyncWebClient) -> None:
        if not command["text"]:
            await ack()
            await client.views_open(trigger_id=command["trigger_id"], view=FORM)
            return
        if command["text"] == "slowly":
            await ack(STILL_WORKING)
            await asyncio.sleep(0.3)
            await respond("Declared: slowly", response_type="ephemeral", replace_original=False)
            return
        await ack(f"Declared: {command['text']}")
        made = await client.conversations_create(name="inc-1-checkout")
        await client.conversations_invite(channel=made["channel"]["id"], users=command["user_id"])
        await client.chat_postMessage(channel=made["channel"]["id"], text="SEV1", blocks=CARD)

    @app.view("declare")
    async def declared(ack: AsyncAck, view: dict[str, dict[str, dict[str, object]]], client: AsyncWebClient) -> None:
        values = view["state"]["values"]
        if values["what"]["text"]["value"] == "nothing":  # type: ignore[index]
            await ack(response_action="errors", errors={"what": "Say what is wrong, for example “checkout is down”."})
            return
        await ack()
        await client.chat_postMessage(channel="general", text=f"form: {values}")

    async def pressed(ack: AsyncAck, action: dict[str, object], body: dict[str, dict[str, str]], client: AsyncWebClient) -> None:
        await ack()
        chosen = action.get("selected_option") or {"value": action.get("value")}
        text = f"{body['user']['name']} pressed {action['action_id']} {chosen['value']}"  # type: ignore[index]
        await client.chat_postMessage(channel=body["channel"]["id"], text=text)

    for action_id in ("ack", "resolve", "more", "sev"):
        app.action(action_id)(pressed)

    @app.shortcut("note")
    async def noted(ack: AsyncAck, shortcut: dict[str, dict[str, str]], client: AsyncWebClient) -> None:
        await ack()
        await client.chat_postMessage(channel=shortcut["channel"]["id"], text=f"noted: {shortcut['message']['text']}")

    @app.event("message")
    async def heard() -> None:
        pass

    @app.event("reaction_added")
    async def reacted() -> None:
        pass

    return app
