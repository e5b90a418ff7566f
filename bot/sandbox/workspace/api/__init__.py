"""The Web API: one file for each family of methods, registered by name in `base.METHODS` and called by `door`.

A method takes the team, the caller and the arguments, and returns the reply without "ok"; it raises `SlackError` to refuse.
Tier and scopes stand beside each method and are compared with Slack's documentation by a test.
"""
