"""The sandbox: everything outside Tocsin, on one machine, so that the whole bot can be tried and tested without an account anywhere.

    workspace/    a Slack workspace: Web API, Socket Mode, events, views
    phones.py     one phone per person, on a carrier that speaks Twilio's REST API and webhooks
    mailbox.py    a real SMTP server that keeps what it receives
    drawer.py     both as they are kept over a restart
    scenarios.py  what one click makes happen; stage.py plays it
    console.py    what passed between Tocsin and all of this
    server.py     one port for all of it; whatever is not its own goes through to the bot
    launcher.py   `tocsin sandbox`: the workspace here, the bot as a child that may die
    testing.py    the same in one process, with a person's words for methods

Only `__main__` may import this room; the bot reaches it over HTTP, WebSocket and SMTP, as it would reach the real ones.
"""
