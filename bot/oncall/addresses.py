"""Where calendars, feeds and reports are: signed links, so that they open with no login and in any calendar program."""

from collections.abc import Sequence
from datetime import timedelta

from bot.db import ActorId
from bot.oncall.service import OnCall
from bot.slack.text import link
from bot.web.signing import Links

CALENDAR, FEEDS, REPORTS = "oncall", "feeds", "fairness"
"""What the links are for, and where their paths begin."""
LINK_LASTS = timedelta(days=365)
FEED_LASTS = timedelta(days=3650)
"""A calendar asks for years, and nobody would notice that it is answered no more."""
ICS = ".ics"


class Addresses:
    """Makes the links."""

    def __init__(self, oncall: OnCall, links: Links) -> None:
        self._oncall = oncall
        self._links = links

    def page(self, person: str, schedule: str) -> str:
        """The calendar of a schedule, on this person's clock."""
        return self._links.link(CALENDAR, schedule, person=ActorId(person), lasts=LINK_LASTS)

    def person_feed(self, person: str) -> str:
        """The feed of everything that is one person's."""
        return self._links.link(FEEDS, "people", person + ICS, person=ActorId(person), lasts=FEED_LASTS)

    def schedule_feed(self, person: str, schedule: str) -> str:
        """The feed of a schedule."""
        return self._links.link(FEEDS, "schedules", schedule + ICS, person=ActorId(person), lasts=FEED_LASTS)

    def report(self, person: str, schedule: str, quarter: str, suffix: str = "") -> str:
        """The fairness report of a schedule and quarter; with the suffix ".csv", as a table."""
        return self._links.link(REPORTS, schedule, quarter + suffix, person=ActorId(person), lasts=LINK_LASTS)

    def calendar(self, person: str, schedule: str) -> str:
        """A link to the calendar, for Slack."""
        return link(self.page(person, schedule), "Open the calendar")

    def told(self, person: str, schedules: Sequence[str]) -> str:
        """Where everything is, in lines for Slack: one's own feed, and the calendar and feed of each schedule (none given: of all)."""
        lines = []
        if self._oncall.config.person(person) is not None:
            lines.append(f"{link(self.person_feed(person), 'Your shifts as a feed (iCal)')}: subscribe to it with your calendar.")
        for name in schedules or self._oncall.schedules():
            calendar, feed = link(self.page(person, name), "calendar"), link(self.schedule_feed(person, name), "feed")
            lines.append(f"{name}: {calendar} · {feed}")
        return "\n".join(lines) or "There is no schedule yet. Add one under `teams` in the configuration."
