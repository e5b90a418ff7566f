"""A Slack workspace in memory that unmodified Slack clients cannot tell from the real one, in what an incident bot uses.

`workspace.Workspace` is the door: it installs apps, has the routes (`/api`, `/link`, `/files`, `/response`, `/control`), keeps a snapshot.
`model.World` is the data, `team.Team` the world with everything that acts on it. What people and apps do is one file a noun: `messages`,
`channels`, `views`, `interactions`, `commands`, `uploads`. `api/` has one file a family of Web API methods, `control/` the people's side.
Towards the apps: `events` decides who hears what, `delivery` brings it by `sockets` or by signed HTTP (`webhooks`).
Limits and error codes are those of Slack's documentation; a test compares every code answered with its list.
"""
