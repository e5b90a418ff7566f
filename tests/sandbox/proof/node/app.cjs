// The same small app on @slack/bolt. It knows its tokens and SLACK_API_URL and nothing else.
"use strict";
const { App } = require("@slack/bolt");

const port = process.env.PORT;
const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  ...(port
    ? { signingSecret: process.env.SLACK_SIGNING_SECRET }
    : { socketMode: true, appToken: process.env.SLACK_APP_TOKEN }),
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
});

app.command("/greet", async ({ ack, body, client }) => {
  await ack();
  await client.views.open({
    trigger_id: body.trigger_id,
    view: {
      type: "modal",
      callback_id: "greeting",
      private_metadata: body.channel_id,
      title: { type: "plain_text", text: "Greet" },
      submit: { type: "plain_text", text: "Send" },
      blocks: [
        {
          type: "input",
          block_id: "whom",
          label: { type: "plain_text", text: "Whom?" },
          element: { type: "plain_text_input", action_id: "name" },
        },
      ],
    },
  });
});

app.view("greeting", async ({ ack, body, client, view }) => {
  const name = view.state.values.whom.name.value;
  if (name === "nobody") {
    await ack({ response_action: "errors", errors: { whom: "There is always somebody." } });
    return;
  }
  await ack();
  await client.chat.postMessage({
    channel: view.private_metadata,
    text: `greetings, ${name}`,
    blocks: [
      {
        type: "section",
        block_id: "card",
        text: { type: "mrkdwn", text: `<@${body.user.id}> greets ${name}` },
        accessory: { type: "button", action_id: "wave_back", text: { type: "plain_text", text: "Wave back" }, value: "hello" },
      },
    ],
  });
});

app.action("wave_back", async ({ ack, body, respond, say }) => {
  await ack();
  await respond({ text: `<@${body.user.id}> waved: ${body.actions[0].value}`, replace_original: true });
  await say({ text: "how nice", thread_ts: body.message.ts });
});

app.message(/^hello/, async ({ message, say }) => {
  await say(`Hey there <@${message.user}>!`);
});

app.event("app_mention", async ({ event, client }) => {
  const { user } = await client.users.info({ user: event.user });
  await client.chat.postEphemeral({ channel: event.channel, user: event.user, text: `You called, ${user.real_name}?` });
});

app.shortcut("greet_shortcut", async ({ ack, shortcut, client }) => {
  await ack();
  await client.chat.postMessage({ channel: shortcut.user.id, text: "shortcut taken" });
});

app.event("app_home_opened", async ({ event, client }) => {
  await client.views.publish({
    user_id: event.user,
    view: { type: "home", blocks: [{ type: "section", text: { type: "mrkdwn", text: `*Welcome home, <@${event.user}>*` } }] },
  });
});

app.start(port ? Number(port) : undefined);
