"""The doorman: the only room that knows slack_bolt and slack_sdk's clients.

Inward: `Door` takes commands, clicks, modals, shortcuts and events (Socket Mode or signed HTTP), each once, gives the listener an open
transaction and a typed request, acknowledges after the commit and then performs the reply. Nothing is called before the acknowledgement.
Outward: `SlackGateway.call(method, …)` answers `Ok | TryLater | Failed`, after the one table in `outcomes.py`.

Nouns: request, reply, listener, gateway, outcome, identity (who we are in the workspace), manifest (what Slack is told about the app).
Says upward: nothing; rooms register listeners with the door and order due work that uses the gateway.
"""
