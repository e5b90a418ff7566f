"""Who is who: people, teams and services by id, Slack users as actors, and how each is named and reached."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlmodel import col

from bot.config.escalation import Method, NotificationRule
from bot.config.models import Config, Person, Service, Team, Webhook
from bot.db import BOT, ActorId, Tx
from bot.directory.messages import FindSlackGroups, FindSlackPeople
from bot.directory.models import SlackGroup, SlackPerson
from bot.slack.text import escape
from bot.work import queue

SLACK_ACTOR = "slack:"
ALERT_ACTOR = "alertmanager:"
RULE_ACTOR = "rule:"
GITHUB_ACTOR = "github:"
"""Somebody on GitHub whom the directory does not know; alone, nobody knows who."""
CHANNEL = "channel:"
"""A Slack channel that a step of a policy names."""
PROGRAM = "program:"
"""A program that uses the HTTP API."""
WEBHOOK = "webhook:"
"""A program that a step of a policy names."""
EVERYBODY_KNOWN = "find-slack-people"
"""The key of the one order to look everybody up."""
GROUPS_KNOWN = "find-slack-groups"
"""The same for user groups."""


class Directory:
    """Answers questions about the configuration that holds now and the identities found since."""

    def __init__(self, config: Config) -> None:
        self.config = config
        """Read at each use and kept nowhere else: the next use may find another one."""

    def person(self, person_id: str) -> Person | None:
        """The configured person with this id."""
        return self.config.person(person_id)

    def team(self, team_id: str) -> Team | None:
        """The team with this id."""
        return self.config.team(team_id)

    def service(self, name: str) -> Service | None:
        """The service with this id, name or alias."""
        return self.config.service(name)

    def owner(self, service_id: str) -> Team | None:
        """The team that answers for a service."""
        service = self.config.service(service_id)
        return self.config.owner(service) if service else None

    async def actor_of(self, tx: Tx, slack_user: str) -> ActorId:
        """Who a Slack user is: a configured person's id, or `slack:U…` for anybody else."""
        person = self.config.person_by_slack(slack_user)
        if person is not None:
            return ActorId(person.id)
        found = (await tx.session.execute(select(col(SlackPerson.person)).where(col(SlackPerson.slack_user) == slack_user))).scalar()
        known = found is not None and self.config.person(found) is not None
        return ActorId(found) if found is not None and known else ActorId(SLACK_ACTOR + slack_user)

    async def slack_user_of(self, tx: Tx, actor: str) -> str | None:
        """The Slack member id of a person or stranger; None when nobody knows it."""
        if actor.startswith(SLACK_ACTOR):
            return actor.removeprefix(SLACK_ACTOR)
        person = self.config.person(actor)
        if person is None:
            return None
        if person.slack is not None:
            return person.slack
        found: str | None = (
            await tx.session.execute(select(col(SlackPerson.slack_user)).where(col(SlackPerson.person) == person.id))
        ).scalar()
        return found

    def name(self, actor: str) -> str:
        """What others call an actor, in plain text (SMS, voice, e-mail, web)."""
        person = self.config.person(actor)
        if person is not None:
            return person.name
        if actor == BOT:
            return "Tocsin"
        if actor.startswith(ALERT_ACTOR):
            return f"Alertmanager ({actor.removeprefix(ALERT_ACTOR)})"
        if actor.startswith(GITHUB_ACTOR):
            login = actor.removeprefix(GITHUB_ACTOR)
            return f"@{login} on GitHub" if login else "somebody on GitHub"
        if actor.startswith(RULE_ACTOR):
            return f"rule {actor.removeprefix(RULE_ACTOR)}"
        if actor.startswith(SLACK_ACTOR):
            return f"Slack user {actor.removeprefix(SLACK_ACTOR)}"
        if actor.startswith(PROGRAM):
            return f"program {actor.removeprefix(PROGRAM)}"
        if actor.startswith(WEBHOOK):
            return f"webhook {actor.removeprefix(WEBHOOK)}"
        return f"#{actor.removeprefix(CHANNEL)}" if actor.startswith(CHANNEL) else actor

    async def mention(self, tx: Tx, actor: str) -> str:
        """An actor in Slack's markup: `<@U…>` where a Slack user is known, otherwise the name."""
        slack_user = await self.slack_user_of(tx, actor)
        return f"<@{slack_user}>" if slack_user else escape(self.name(actor))

    async def address(self, tx: Tx, person_id: str, method: Method) -> str | None:
        """Where a person is reached by a method: Slack member id, phone number, e-mail or web address. None: not at all."""
        if (hook := self._named_webhook(person_id)) is not None:
            return hook.url
        if person_id.startswith(CHANNEL):
            return person_id.removeprefix(CHANNEL)
        person = self.config.person(person_id)
        if person is None:
            return None
        return await self.slack_user_of(tx, person.id) if method == "slack" else self.config.address(person, method)

    def webhook_key(self, person_id: str) -> str | None:
        """The key that signs what a person's webhook is sent, or that of a webhook that a policy names."""
        person = self.config.person(person_id)
        webhook = self.config.webhook(person) if person else self._named_webhook(person_id)
        return webhook.key.get_secret_value() if webhook and webhook.key else None

    def _named_webhook(self, target: str) -> Webhook | None:
        return self.config.webhooks.get(target.removeprefix(WEBHOOK)) if target.startswith(WEBHOOK) else None

    def rules(self, person_id: str, severity: int) -> tuple[NotificationRule, ...]:
        """How a person is told of a page of this severity, in the order written."""
        person = self.config.person(person_id)
        return person.rules.group(self.config.severity.level(severity).rules) if person else ()

    async def unknown_in_slack(self, tx: Tx) -> list[Person]:
        """People with an e-mail address whose Slack member id nobody knows."""
        found = set((await tx.session.execute(select(col(SlackPerson.person)))).scalars())
        return [person for person in self.config.people.values() if person.slack is None and person.email and person.id not in found]

    async def look_up(self, tx: Tx) -> None:
        """Order the look-up of everybody whom Slack may know; nothing when all are known."""
        if await self.unknown_in_slack(tx):
            await queue.refresh(tx, FindSlackPeople(), key=EVERYBODY_KNOWN)

    def groups(self) -> set[str]:
        """The Slack user groups that policies name."""
        policies = self.config.policies.values()
        targets = [*self.config.fallback, *(target for policy in policies for step in policy.steps for target in step.targets)]
        return {target.name for target in targets if target.kind == "usergroup"}

    async def look_up_groups(self, tx: Tx) -> None:
        """Order that Slack is asked who is in the user groups that policies name; nothing when they name none."""
        if self.groups():
            await queue.refresh(tx, FindSlackGroups(), key=GROUPS_KNOWN)

    async def remember_groups(self, tx: Tx, members: Mapping[str, Sequence[str]]) -> None:
        """Keep who is in each user group: Slack member ids by handle. Groups that are left out are forgotten."""
        await tx.session.execute(delete(SlackGroup))
        for handle, users in members.items():
            tx.session.add(SlackGroup(handle=handle, users=" ".join(users), asked_at=tx.now))
        await tx.session.flush()

    async def people_of_groups(self, tx: Tx, handles: Collection[str]) -> dict[str, tuple[str, ...]]:
        """The people in each of these user groups, as far as they are in the directory. A group that Slack did not tell of is left out."""
        if not handles:
            return {}
        rows = (await tx.session.execute(select(SlackGroup).where(col(SlackGroup.handle).in_(handles)))).scalars()
        found: dict[str, tuple[str, ...]] = {}
        for row in rows:
            actors = [await self.actor_of(tx, user) for user in row.users.split()]
            found[row.handle] = tuple(actor for actor in actors if self.config.person(actor) is not None)
        return found

    async def remember(self, tx: Tx, person_id: str, slack_user: str) -> None:
        """Keep that this Slack user is this person; the first finding counts."""
        if self.config.person_by_slack(slack_user) is None:
            await tx.insert_new(SlackPerson, slack_user=slack_user, person=person_id, found_at=tx.now)

    def zone_of(self, actor: str | None) -> ZoneInfo:
        """The zone that somebody lives in; the company's for strangers and for nobody in particular."""
        person = self.config.person(actor) if actor else None
        return ZoneInfo(person.zone if person else self.config.zone)

    def wall_time(self, reader: str, at: datetime, now: datetime) -> str:
        """A moment on the reader's clock, `09:02`, with its day when that is not today's; in the company's zone for strangers."""
        zone = self.zone_of(reader)
        local, today = at.astimezone(zone), now.astimezone(zone).date()
        return f"{local:%H:%M}" if local.date() == today else f"{local:%a} {local.day} {local:%b} {local:%H:%M}"
