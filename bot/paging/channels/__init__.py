"""The ways to reach a person: each is a `PageChannel` (see `bot.paging.notice`), and none knows of the database."""
