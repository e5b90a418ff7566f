"""A small app in the manner of Slack's documentation, on slack_bolt. It knows its tokens and SLACK_API_URL and nothing else."""

import os
import re
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

app = App(
    client=WebClient(os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]),
    signing_secret=os.environ["SLACK_SIGNING_SECRET"],
)


def button(label: str) -> dict[str, Any]:
    return {"type": "button", "action_id": "wave_back", "text": {"type": "plain_text", "text": label}, "value": "hello"}


@app.command("/greet")
def greet(ack: Any, body: dict[str, Any], client: WebClient) -> None:
    ack()
    name = {"type": "plain_text_input", "action_id": "name"}
    client.views_open(
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
def greeting(ack: Any, body: dict[str, Any], client: WebClient, view: dict[str, Any]) -> None:
    name = view["state"]["values"]["whom"]["name"]["value"]
    if name == "nobody":
        ack(response_action="errors", errors={"whom": "There is always somebody."})
        return
    ack()
    text = {"type": "mrkdwn", "text": f"<@{body['user']['id']}> greets {name}"}
    section = {"type": "section", "block_id": "card", "text": text, "accessory": button("Wave back")}
    client.chat_postMessage(channel=view["private_metadata"], text=f"greetings, {name}", blocks=[section])


@app.action("wave_back")
def wave_back(ack: Any, body: dict[str, Any], respond: Any, say: Any) -> None:
    ack()
    respond(text=f"<@{body['user']['id']}> waved: {body['actions'][0]['value']}", replace_original=True)
    say(text="how nice", thread_ts=body["message"]["ts"])


@app.message(re.compile("^hello"))
def hello(message: dict[str, Any], say: Any) -> None:
    say(f"Hey there <@{message['user']}>!")


@app.event("app_mention")
def mention(event: dict[str, Any], client: WebClient) -> None:
    name = client.users_info(user=event["user"])["user"]["real_name"]
    client.chat_postEphemeral(channel=event["channel"], user=event["user"], text=f"You called, {name}?")


@app.shortcut("greet_shortcut")
def shortcut(ack: Any, shortcut: dict[str, Any], client: WebClient) -> None:
    ack()
    client.chat_postMessage(channel=shortcut["user"]["id"], text="shortcut taken")


@app.event("app_home_opened")
def home(client: WebClient, event: dict[str, Any]) -> None:
    text = {"type": "mrkdwn", "text": f"*Welcome home, <@{event['user']}>*"}
    client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [{"type": "section", "text": text}]})


if os.environ.get("PORT"):
    app.start(port=int(os.environ["PORT"]))
else:
    SocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).start()
