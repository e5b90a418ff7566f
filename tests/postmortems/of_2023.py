"""The four major incidents of 2023 as the people in them lived through them: fixed facts, acted out with the bot's own verbs.

What they were is the company's own table: 15 March, 2.1 hours, 30 % of syncs fail, a network split, rerouted; 22 June, 45 minutes, gateway
errors, a memory leak in auth, restarted; 8 September, 3.5 hours, the West Coast is dark, a power failure, failed over; 14 November,
1.2 hours, slow downloads, a configuration of the CDN, rolled back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.alerts import report as alerts_report
from bot.alerts.models import Alert
from bot.alerts.sources import AlertStatus
from bot.db import BOT, ActorId, Tx
from bot.incidents import timeline
from bot.incidents.accounts import Account
from bot.incidents.declaration import Declaration
from bot.incidents.models import Incident
from bot.incidents.severity import Severity
from bot.paging.messages import AttemptFailed, PageEscalated, PersonPaged
from bot.paging.models import PageAttempt
from bot.paging.states import AttemptState
from bot.postmortems.material import ALERTS, CHANGES, RUNS
from bot.slack.models import SlackIdentity
from tests.postmortems.house import CHANNEL, House

ALERTMANAGER = ActorId("alertmanager:prod")
USERS = {"ana": "U0ANA000000", "bo": "U0BO0000000", "kim": "U0KIM000000", "lee": "U0LEE000000", "bea": "U0BEA000000"}


@dataclass
class Night:
    """One incident, from the first moment to the last."""

    house: House
    runs: list[Account] = field(default_factory=list)
    changes: list[Account] = field(default_factory=list)

    def __post_init__(self) -> None:
        gatherer = self.house.gatherer
        gatherer.add(ALERTS, alerts_report.accounts)
        gatherer.add(RUNS, self._runs)
        gatherer.add(CHANGES, self._changes)

    async def _runs(self, tx: Tx, incident: Incident) -> Sequence[Account]:
        return self.runs

    async def _changes(self, tx: Tx, incident: Incident) -> Sequence[Account]:
        return self.changes

    def at(self, clock: str) -> datetime:
        """Go on to this time of the day."""
        now = self.house.clock.now()
        hour, minute, *second = (int(part) for part in clock.split(":"))
        self.house.clock.advance(now.replace(hour=hour, minute=minute, second=(second or [0])[0]) - now)
        return self.house.clock.now()

    async def fires(self, name: str, summary: str, title: str, service: str, severity: Severity, since: datetime) -> None:
        """An alert declares it."""
        await self.declare(title, service, severity, by=ALERTMANAGER, origin="alert", started_at=since)
        await self.alert(name, summary, service, since)

    async def alert(self, name: str, summary: str, service: str, since: datetime) -> None:
        """An alert of the incident, as Alertmanager told of it."""
        async with self.house.database.begin(actor=ALERTMANAGER) as tx:
            tx.session.add(
                Alert(
                    source="prod",
                    fingerprint=name.lower(),
                    status=AlertStatus.FIRING,
                    group_key=name,
                    name=name,
                    summary=summary,
                    labels="{}",
                    service=service,
                    generator_url=f"https://prometheus.example.com/graph?g0.expr={name}",
                    starts_at=since,
                    received_at=tx.now,
                    incident_id=self.house.number,
                )
            )

    async def declare(self, title: str, service: str, severity: Severity, *, by: ActorId, **more: object) -> None:
        """It has a channel from its first second."""
        async with self.house.database.begin(actor=by) as tx:
            tx.session.add(
                SlackIdentity(team="T1", url="https://acme.slack.com/", bot_user="U0TOCSIN", bot_id="B0TOCSIN", learned_at=tx.now)
            )
            wanted = Declaration(title, severity=severity, service=service, **more)  # type: ignore[arg-type]
            declared = (await self.house.incidents.declare(tx, wanted)).incident
            declared.channel_id, declared.channel_name = CHANNEL, f"inc-{declared.number}"
            self.house.number = declared.number

    async def page(self, person: str, why: str, *methods: str, step: int = 0, fails: str = "", answers: bool = False) -> None:
        """Somebody is paged, by each method at once."""
        async with self.house.database.begin(actor=BOT) as tx:
            page = await self.house.paging.newest_page(tx, self.house.number)
            assert page is not None and page.id is not None
            for method in methods:
                state = AttemptState.FAILED if fails else AttemptState.ANSWERED if answers else AttemptState.DELIVERED
                tx.session.add(
                    PageAttempt(
                        page_id=page.id,
                        step=step,
                        loop=9,
                        person=person,
                        method=method,
                        why=why,
                        state=state,
                        reason=fails or None,
                        due_at=tx.now,
                        accepted_at=tx.now,
                    )
                )
                paged = PersonPaged(page.id, self.house.number, person, method, why)
                await tx.announce(AttemptFailed(page.id, self.house.number, person, method, fails) if fails else paged)

    async def escalates(self, step: int) -> None:
        """Nobody has answered in time."""
        async with self.house.database.begin(actor=BOT) as tx:
            page = await self.house.paging.newest_page(tx, self.house.number)
            assert page is not None and page.id is not None
            await tx.announce(PageEscalated(page.id, self.house.number, None, step))

    async def says(self, who: str, text: str, *, thread: str = "", marks: str = "") -> str:
        """Somebody writes in the channel; `marks` reacts with a memo."""
        ts = await self.house.write(USERS[who], text, thread=thread)
        if marks:
            await self.house.react(USERS[marks], "memo", ts)
        return ts

    async def does(self, who: str, verb: str, words: str = "") -> None:
        """Somebody uses a verb of `/inc`."""
        if verb == "update":
            await self.house.do("update", words, by=ActorId(who))
        elif verb in ("mitigate", "resolve", "reopen"):
            await self.house.do(verb, words, by=ActorId(who))
        else:
            await self.house.act(verb, by=ActorId(who), words=words)

    async def changes_severity(self, who: str, severity: Severity, why: str) -> None:
        """Somebody finds it graver, or less grave."""
        await self.house.do("change_severity", severity, why, by=ActorId(who))

    async def tells(self, kind: str, text: str, by: str = BOT) -> None:
        """Something that another room writes down."""
        async with self.house.database.begin(actor=ActorId(by)) as tx:
            await timeline.record(tx, self.house.number, kind, text, actor=ActorId(by))

    async def runs_a_runbook(self, number: int, text: str, *, went_well: bool, gist: str) -> None:
        """A runbook was run, and looked after."""
        self.runs.append(Account(self.house.clock.now(), text, f"/runs/{number}", went_well, gist))
        self.house.later(minutes=2)
        await self.tells("run", f"run {number} {'succeeded' if 'succeeded' in text else 'failed'}: {gist.partition(': ')[2]}")


async def network_split(night: Night) -> None:
    """15 March: Magic Pocket's racks no longer see each other."""
    began = night.at("14:02")
    night.at("14:05")
    await night.fires(
        "SyncFailures", "30 % of syncs fail, all of them in region us", "30 % of syncs fail in region us", "file-sync", Severity.SEV2, began
    )
    await night.page("bo", "primary on call for Platform", "slack", "sms")
    night.at("14:10")
    await night.escalates(1)
    await night.page("kim", "secondary on call for Platform", "slack", "voice", step=1, answers=True)
    night.at("14:11")
    await night.does("kim", "ack")
    night.at("14:12")
    await night.does("kim", "lead")
    question = await night.says("kim", "did anybody release something to sync today?")
    night.at("14:14")
    await night.says("lee", "no, the last release was yesterday at noon", thread=question)
    night.at("14:20")
    await night.does("kim", "update", "30 % of syncs fail in region us, we are looking for the cause, next in 30 min")
    night.at("14:26")
    await night.says("lee", "the sync workers in us time out on block reads, everything else there is healthy")
    night.at("14:31")
    await night.runs_a_runbook(
        1,
        "Run 1, Rolling restart (rolling-restart service=file-sync) in production: succeeded, not recovered. Asked for by Kim Ji-woo. "
        "Approved by Lee O'Hara. It worked on sync1, sync2, sync3 from 14:32:10 UTC, for 4 min.",
        went_well=False,
        gist="Rolling restart (run 1): not recovered, 29 % of syncs still failed 5 min after it",
    )
    night.at("14:44")
    await night.says(
        "lee", "found it: the racks of Magic Pocket in us no longer see each other, half of them lost their route at 14:01", marks="kim"
    )
    night.at("14:49")
    await night.does("kim", "update", "a network split in Magic Pocket, region us; we prepare to reroute, next in 30 min")
    night.at("15:02")
    await night.says("kim", "decision: we reroute region us to eu, and let the network people mend the split without hurry")
    night.at("15:06")
    await night.runs_a_runbook(
        2,
        "Run 2, Reroute a region (reroute region=us) in production: succeeded, recovered. Asked for by Kim Ji-woo. "
        "Approved by Lee O'Hara. "
        "It worked on edge1, edge2 from 15:08:00 UTC, for 2 min.",
        went_well=True,
        gist="Reroute a region (run 2): recovered, 0.2 % of syncs failed 4 min after it",
    )
    night.at("15:14")
    await night.does("kim", "mitigate", "region us is served from eu")
    await night.does("kim", "update", "syncs work again from eu, the network is being mended, next in 60 min")
    night.at("15:40")
    await night.does("kim", "impact", "users 30 % of those in region us")
    await night.does("lee", "impact", "support 412 tickets")
    night.at("16:08")
    await night.does("lee", "resolve", "the network is whole again and region us serves itself")
    night.at("16:20")
    await night.does("kim", "impact", "budget 38 % of March's")


async def memory_leak(night: Night) -> None:
    """22 June: auth's memory grows until the gateway gives up on it."""
    night.changes.append(Account(night.at("08:12"), "deploy: auth v88 in production, by lee", "https://ci.example.com/auth/88"))
    began = night.at("10:00")
    night.at("10:02")
    await night.fires(
        "SignInErrors", "The gateway gives up on 8 % of sign-ins", "API gateway errors on sign-in", "auth", Severity.SEV2, began
    )
    await night.page("bo", "primary on call for Platform", "slack", "sms", answers=True)
    night.at("10:03:30")
    await night.does("bo", "ack")
    await night.does("bo", "lead")
    night.at("10:06")
    await night.alert("AuthMemory", "Memory of auth grows by 40 MB a minute", "auth", began)
    await night.says("bo", "every instance of auth is near its memory limit, it looks like a leak since v88")
    night.at("10:09")
    await night.does("bo", "update", "auth leaks memory since its last release; a rolling restart buys us time, next in 30 min")
    night.at("10:13")
    await night.runs_a_runbook(
        1,
        "Run 1, Rolling restart (rolling-restart service=auth) in production: succeeded, recovered. Asked for by Bo Lindqvist. "
        "Approved by Kim Ji-woo. It worked on auth1, auth2, auth3, auth4 from 10:15:00 UTC, for 6 min.",
        went_well=True,
        gist="Rolling restart (run 1): recovered, no sign-in failed for 3 min after it",
    )
    night.at("10:24")
    await night.does("bo", "mitigate", "all instances restarted, memory is flat for now")
    night.at("10:30")
    await night.says("kim", "the leak is the session cache of v88: it keeps every refused token. Reverting it in v89", marks="bo")
    night.at("10:45")
    await night.does("bo", "resolve", "v89 is out without the session cache, and memory is flat")
    night.at("11:00")
    await night.does("kim", "impact", "requests 8 % of sign-ins, 41,000 in all")
    async with night.house.database.begin(actor=ActorId("bo")) as tx:
        await night.house.items.add(tx, night.house.number, "alert on auth's memory before it reaches the limit", "bo")
        await night.house.items.add(tx, night.house.number, "a load test of refused tokens in CI")


async def power_failure(night: Night) -> None:
    """8 September: a data centre is dark, with the store's primary in it."""
    began = night.at("07:14")
    night.at("07:15")
    await night.fires(
        "RegionDark", "Region us and the store's primary db1 do not answer", "Region us is dark", "storage", Severity.SEV2, began
    )
    await night.page("bea", "primary on call for Infrastructure", "slack", "sms", fails="the phone is switched off")
    night.at("07:20")
    await night.escalates(1)
    await night.page("lee", "secondary on call for Infrastructure", "slack", "sms", "voice", step=1)
    night.at("07:22")
    await night.says("ana", "the whole West Coast is gone: no sync, no downloads, nothing")
    await night.does("ana", "ack")
    await night.does("ana", "lead")
    night.at("07:25")
    await night.changes_severity("ana", Severity.SEV1, "a whole region of tier-0 is down")
    await night.tells("told", "told Max Adeyemi, an executive (alert)")
    night.at("07:31")
    await night.does(
        "ana", "update", "the data centre of region us has no power; we look at what we can serve from elsewhere, next in 30 min"
    )
    night.at("07:40")
    await night.says("lee", "I am here. The provider says: utility power failed at 07:14, generators did not start", marks="ana")
    await night.does("lee", "join")
    night.at("08:01")
    await night.tells("overdue", "a promised update is overdue")
    night.at("08:09")
    await night.does("ana", "update", "db1 is lost with the region; we fail over to db2 in region eu, next in 30 min")
    night.at("08:15")
    await night.runs_a_runbook(
        1,
        "Run 1, Fail over a store (failover primary=db1 standby=db2) in production: failed. Asked for by Ana Silva. "
        "Approved by Lee O'Hara. "
        "It worked on db2 from 08:16:00 UTC, for 12 min. The standby was 40 s behind, and the runbook allows 10 s.",
        went_well=False,
        gist="Fail over a store (run 1): failed, the standby was 40 s behind and the runbook allows 10 s",
    )
    night.at("08:38")
    await night.says("kim", "decision: we accept 40 s of lost writes, and list which files they are before anybody syncs again")
    await night.does("ana", "update", "the standby lags by 40 s; we accept that and list what was lost, next in 60 min")
    night.at("08:50")
    await night.runs_a_runbook(
        2,
        "Run 2, Fail over a store (failover primary=db1 standby=db2 lag=60s) in production: succeeded, recovered. "
        "Asked for by Ana Silva. "
        "Approved by Kim Ji-woo. It worked on db2 from 08:54:00 UTC, for 9 min.",
        went_well=True,
        gist="Fail over a store (run 2): recovered, writes succeed and reads are healthy in eu",
    )
    night.at("09:08")
    await night.does("ana", "mitigate", "db2 is the primary, and region eu serves the West Coast")
    night.at("09:30")
    await night.does(
        "ana", "update", "users work again, slower than usual; the region stays dark until the provider has power, next in 90 min"
    )
    night.at("10:44")
    await night.does("lee", "resolve", "power is back, region us serves itself, the list of lost writes went to support")
    await night.tells("told", "told Max Adeyemi, an executive (all-clear)")
    night.at("11:30")
    await night.does("ana", "impact", "users everybody on the West Coast, about 90 million")
    await night.does("lee", "impact", "support 6,300 tickets")
    await night.does("lee", "impact", "budget all of September's, and half of October's")


async def cdn_configuration(night: Night) -> None:
    """14 November: downloads wait for an origin that does not answer, and no alert looks at that."""
    night.changes.append(Account(night.at("16:40"), "configuration: CDN c8 in production, by bea", "https://git.example.com/cdn/c8"))
    night.at("17:05")
    await night.declare("Downloads are slow", "cdn", Severity.SEV3, by=ActorId("lee"), origin="slack")
    await night.page("bea", "primary on call for Infrastructure", "slack")
    night.at("17:06")
    await night.says("lee", "three customers say that downloads take a minute; I see it too, uploads are fine")
    night.at("17:12")
    await night.does("bea", "ack")
    await night.does("bea", "lead")
    night.at("17:19")
    await night.says("bea", "p95 of downloads is 41 s, usually 2 s. No alert, because the CDN's time is not in any SLO of ours")
    night.at("17:24")
    await night.changes_severity("bea", Severity.SEV2, "every download outside the office is slow")
    night.at("17:28")
    await night.says(
        "bea", "c8 from this afternoon names an origin that does not answer, so each download waits for the timeout", marks="lee"
    )
    await night.does("bea", "update", "a configuration of the CDN is wrong since 16:40; we roll it back, next in 30 min")
    night.at("17:33")
    await night.runs_a_runbook(
        1,
        "Run 1, Roll back a configuration (config-rollback to=c7) in production: succeeded, recovered. Asked for by Bea Müller. "
        "Approved by Lee O'Hara. It worked on cdn1, cdn2 from 17:35:00 UTC, for 3 min.",
        went_well=True,
        gist="Roll back a configuration (run 1): recovered, p95 of downloads is 1.9 s",
    )
    night.at("17:40")
    await night.does("bea", "mitigate", "c7 is live on every edge")
    night.at("17:52")
    await night.does("bea", "resolve", "configuration rolled back to c7, and downloads are as fast as before")
    night.at("18:05")
    await night.does("bea", "impact", "since 17:40")  # by Bea's clock in Berlin: 16:40 UTC
    await night.does("lee", "impact", "users all who downloaded outside the office")
    async with night.house.database.begin(actor=ActorId("bea")) as tx:
        await night.house.items.add(tx, night.house.number, "an SLO on the time of downloads as users see it", "bea")
        await night.house.items.add(tx, night.house.number, "c8 should have been tried on one edge first", "lee")
