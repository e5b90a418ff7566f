"""`/inc convert`: the channel in which people talk already becomes the incident's. Slack is asked first what kind of channel it is."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import func, select
from sqlmodel import col

from bot.db import BOT, ActorId, Database, Tx
from bot.directory.service import Directory
from bot.errors import Refusal
from bot.incidents import adopted, roles, timeline, transcript
from bot.incidents.actions import Actions, Opening
from bot.incidents.adopted import Shown
from bot.incidents.channels import MovingIn
from bot.incidents.confirming import Answers, Confirmations
from bot.incidents.declaration import Declaration
from bot.incidents.lifecycle import humane, is_open
from bot.incidents.messages import ConvertChannel, HistoryRepaired
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.incidents.severity import Severity
from bot.slack.gateway import Failed, Ok, SlackGateway
from bot.slack.replies import Reply, Say
from bot.slack.text import escape
from bot.work import queue
from bot.work.orders import Done, Outcome
from bot.work.queue import Claim
from bot.work.worker import Worker

MOST_NAMED = 10


class Converting:
    """Makes an ordinary channel an incident's."""

    def __init__(
        self,
        database: Database,
        gateway: SlackGateway,
        directory: Directory,
        incidents: Incidents,
        moving: MovingIn,
        confirmations: Confirmations,
        answers: Answers,
    ) -> None:
        self._db = database
        self._slack = gateway
        self._directory = directory
        self._incidents = incidents
        self._moving = moving
        self._confirmations = confirmations
        self._answers = answers

    def register(self, actions: Actions, worker: Worker) -> None:
        """Add the verb, do the work."""
        actions.add_opener("convert", self.open)
        worker.handles(ConvertChannel, self.convert)

    async def open(self, tx: Tx, asked: Opening) -> Reply:
        """See what can be seen without Slack, and order the rest."""
        wanted, channel = asked.wanted, asked.channel
        if (there := await self._incidents.of_channel(tx, channel)) is not None:
            raise Refusal(f"This is the channel of #{there.number} already. Nothing was done. Another incident: `/inc new …`.")
        if not channel or channel.startswith("D"):
            raise Refusal(f"Direct messages belong to those who write them and cannot become an incident's channel. {adopted.INSTEAD}")
        self._incidents.judge.judge(wanted)  # refuses what cannot be declared, before anybody asks Slack
        order = ConvertChannel(
            channel_id=channel,
            actor=tx.actor,
            title=wanted.title,
            severity=int(wanted.severity) if wanted.severity else None,
            service=wanted.service,
            team=wanted.team,
            people=wanted.people,
            reply_to=wanted.reply_to or "",
        )
        await queue.schedule(tx, order, key=f"convert:{channel}:{asked.once(tx.now)}")
        return Say("This channel becomes the incident's in a moment.")

    # Later

    async def convert(self, order: ConvertChannel, claim: Claim) -> Outcome:
        """Ask Slack what it is, join it, declare. Where Slack does not say, nobody waits for it: the incident gets a channel of its own."""
        answer = await self._slack.call("conversations.info", channel=order.channel_id)
        if isinstance(answer, Failed) and not answer.slack_is_gone:
            why = "I cannot see this channel: invite me with `/invite`, and type it again."
            return await self._answer(order, claim, f"{why} {adopted.INSTEAD}")
        if not isinstance(answer, Ok):
            return await self._declare_apart(order, claim)
        channel = Shown.of(answer.data["channel"])
        if why_not := adopted.why_not(channel, self._reserved()):
            return await self._answer(order, claim, why_not)
        if not channel.is_member:
            joined = await self._slack.call("conversations.join", channel=order.channel_id)
            if isinstance(joined, Failed) and not joined.slack_is_gone:
                return await self._answer(order, claim, f"I cannot join #{channel.name}: {joined.why} {adopted.INSTEAD}")
            if not isinstance(joined, Ok):
                return await self._declare_apart(order, claim)
        return await self._declare_here(order, claim, channel)

    async def _declare_here(self, order: ConvertChannel, claim: Claim, channel: Shown) -> Outcome:
        async with self._db.begin(actor=ActorId(order.actor)) as tx:
            if await self._incidents.of_channel(tx, order.channel_id) is not None:
                return Done()  # an earlier try got that far, or somebody else did
            wanted = replace(_wanted(order), is_private=channel.is_private)
            declared = await self._incidents.declare(tx, wanted)
            incident = declared.incident
            if declared.is_new:
                await self._move_in(tx, incident, channel)
        if declared.is_new:
            return Done()  # they are told with the channel
        ago = humane(tx.now - incident.declared_at)
        text = (
            f"#{incident.number} was declared {ago} ago: {escape(incident.title)}. Nobody was paged again, and this channel stays as it is."
        )
        return await self._answer(order, claim, text)

    async def _move_in(self, tx: Tx, incident: Incident, channel: Shown) -> None:
        earlier = select(func.max(col(Incident.ended_at))).where(col(Incident.channel_id) == channel.channel_id)
        before = (await tx.session.execute(earlier)).scalar()
        start = adopted.since(tx.now, self._directory.zone_of(tx.actor), before)
        incident.channel_since, incident.topic_before = f"{int(start.timestamp())}.000000", channel.topic
        said = f"made #{channel.name} its channel; what was said there since {start:%H:%M} UTC is part of it"
        await self._moving.into(tx, incident, channel.channel_id, channel.name, said)
        await self._incidents.repair(tx, incident)

    async def _declare_apart(self, order: ConvertChannel, claim: Claim) -> Outcome:
        """Slack is away: whoever is on call is paged all the same."""
        async with self._db.begin(actor=ActorId(order.actor)) as tx:
            declared = await self._incidents.declare(tx, _wanted(order))
            said = await self._confirmations.of(tx, declared.incident)
        return await self._answer(order, claim, f"Slack does not say what channel this is, so the incident gets one of its own.\n{said}")

    async def on_history_repaired(self, tx: Tx, fact: HistoryRepaired) -> None:
        """Who spoke in the channel shortly before is asked, once, whether they join. Nobody is paged for having spoken."""
        incident = await self._incidents.get(tx, fact.incident_id)
        if not incident.is_adopted or not is_open(incident.state):
            return
        await self._incidents.held(tx, fact.incident_id)
        here = {
            incident.declared_by,
            *(part.person for part in await roles.holders(tx, incident.number)),
            *await self._incidents.paged(tx, incident),
        }
        spoke = [
            one.author
            for one in await transcript.messages(tx, incident.number)
            if not one.author.startswith(transcript.OTHER_APP)
            and one.author not in here
            and one.happened_at >= incident.declared_at - adopted.LATELY
        ]
        people = list(dict.fromkeys(reversed(spoke)))[:MOST_NAMED]
        if people and await timeline.record(tx, incident.number, "invited", self._named(people), key="spoke", actor=BOT):
            names = ", ".join([await self._directory.mention(tx, person) for person in people])
            await self._incidents.say(
                tx, incident, f"{names}: you spoke here lately. *Join* on the card makes you a responder; you are not paged."
            )

    def _named(self, people: Sequence[str]) -> str:
        return f"asked whether they join, since they spoke here lately: {', '.join(self._directory.name(person) for person in people)}"

    def _reserved(self) -> frozenset[str]:
        """Channels that the configuration names: an incident in one of them would bury what people look for there."""
        config = self._directory.config
        named = (config.ops_channel, config.audiences.tracking, *(team.channel for team in config.teams.values()))
        return frozenset(name for name in named if name)

    async def _answer(self, order: ConvertChannel, claim: Claim, text: str) -> Outcome:
        await self._answers.give(order.actor, order.reply_to, text, claim.key)
        return Done()


def _wanted(order: ConvertChannel) -> Declaration:
    return Declaration(
        title=order.title,
        severity=Severity(order.severity) if order.severity else None,
        service=order.service,
        team=order.team,
        reply_to=order.reply_to or None,
        people=tuple(ActorId(person) for person in order.people),
    )
