"""The same small app on slack_bolt's AsyncApp."""

import asyncio
import os
import re
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

app = AsyncApp(
    client=AsyncWebClient(os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]),
    signing_secret=os.environ["SLACK_SIGNING_SECRET"],
)


def button(label: str) -> dict[str, Any]:
    return {"type": "button", "action_id": "wave_back", "text": {"type": "plain_text", "text": label}, "value": "hello"}


@app.command("/greet")
async def greet(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
    await ack()
    name = {"type": "plain_text_input", "action_id": "name"}
    await client.views_open(
        trigger_id=body["trigger_id"],
        view={
            "type": "modal",
            "callback_id": "greeting",
            "private_metadata": body["channel_id"],
            "title": {"type": "plain_text", "text": "Greet"},
            "submit": {"type": "plain_text", "text": "Send"},
            "blocks": [{"type": "input", "block_id": "whom", "label": {"type": "plain_text", "text": "Whom?"}, "element": name}],
        },
    )


@app.view("greeting")
async def greeting(ack: Any, body: dict[str, Any], client: AsyncWebClient, view: dict[str, Any]) -> None:
    name = view["state"]["values"]["whom"]["name"]["value"]
    if name == "nobody":
        await ack(response_action="errors", errors={"whom": "There is always somebody."})
        return
    await ack()
    text = {"type": "mrkdwn", "text": f"<@{body['user']['id']}> greets {name}"}
    section = {"type": "section", "block_id": "card", "text": text, "accessory": button("Wave back")}
    await client.chat_postMessage(channel=view["private_metadata"], text=f"greetings, {name}", blocks=[section])


@app.action("wave_back")
async def wave_back(ack: Any, body: dict[str, Any], respond: Any, say: Any) -> None:
    await ack()
    await respond(text=f"<@{body['user']['id']}> waved: {body['actions'][0]['value']}", replace_original=True)
    await say(text="how nice", thread_ts=body["message"]["ts"])


@app.message(re.compile("^hello"))
async def hello(message: dict[str, Any], say: Any) -> None:
    await say(f"Hey there <@{message['user']}>!")


@app.event("app_mention")
async def mention(event: dict[str, Any], client: AsyncWebClient) -> None:
    name = (await client.users_info(user=event["user"]))["user"]["real_name"]
    await client.chat_postEphemeral(channel=event["channel"], user=event["user"], text=f"You called, {name}?")


@app.shortcut("greet_shortcut")
async def shortcut(ack: Any, shortcut: dict[str, Any], client: AsyncWebClient) -> None:
    await ack()
    await client.chat_postMessage(channel=shortcut["user"]["id"], text="shortcut taken")


@app.event("app_home_opened")
async def home(client: AsyncWebClient, event: dict[str, Any]) -> None:
    text = {"type": "mrkdwn", "text": f"*Welcome home, <@{event['user']}>*"}
    await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [{"type": "section", "text": text}]})


async def connect() -> None:
    await AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).start_async()


if os.environ.get("PORT"):
    app.start(port=int(os.environ["PORT"]))
else:
    asyncio.run(connect())
