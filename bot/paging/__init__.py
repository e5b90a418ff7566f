"""Paging: getting one person to answer for an incident. It knows incidents only as a number.

Nouns: page (a call for an answer), escalation policy (its ladder, frozen when the page starts), step, attempt (one person, one method),
notice (what a channel sends), bundle (pages told in one message), channel (Slack, SMS, voice, e-mail, push, webhook), receipt, code
(the `4` in "reply 4a"), sender (a number with a limit), storm, cap, sink (where the watchdog's synthetic pages end), check (a message
that must come back: a code, or part of a test page).
States of a page: open → acknowledged | exhausted | closed; of an attempt: planned → calling → accepted → delivered → seen → answered,
or failed, or suppressed. The sentences are in `states`.

Says upward: `PageStarted`, `PersonPaged`, `PagePosted` (in a channel, to a program), `AttemptFailed`, `AttemptHeldBack`, `StepSkipped`,
`PageAcknowledged`, `PageEscalated`, `PageDeclined`, `FallbackPaged`, `PageExhausted`, `PageStandDown`, `PolicyChanged`, `PolicyApplied`.
A page may be `about` something else within an incident (a run that waits): then it is no answer for the incident itself.
Rooms above add what a page can do besides, and links to pages of their own, through `PageActions`.
"""
