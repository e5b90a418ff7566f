"""Which rooms there are, who hears whose facts, who does which work, and through which doors they are reached."""

from collections.abc import Mapping
from dataclasses import dataclass
from socket import gethostname

from aiohttp import web

from bot import log, outside
from bot.accounts.pages import ReaderPages, Sessions
from bot.accounts.service import Accounts
from bot.accounts.web import SignIn
from bot.alerts import card as alerts_card
from bot.alerts import messages as alert_facts
from bot.alerts import report as alerts_report
from bot.alerts.intake import Intake
from bot.alerts.service import Alerts
from bot.alerts.web import AlertRoutes
from bot.alerts.week import FiredAlerts
from bot.alerts.work import AlertWork
from bot.changes.service import Changes
from bot.changes.slack import ChangesCommand
from bot.changes.web import ChangeApi
from bot.clock import Clock, WallClock
from bot.config.settings import Settings
from bot.config.watch import Watch
from bot.db import BOT, Database, Tx
from bot.directory.service import Directory
from bot.directory.work import DirectoryWork
from bot.events import Listeners
from bot.handoffs.command import HandoverCommand
from bot.handoffs.handovers import Handovers
from bot.handoffs.messages import FollowOnCall
from bot.handoffs.note import Notes
from bot.handoffs.service import Handoffs
from bot.handoffs.showing import Showing
from bot.handoffs.slack import HandoffButtons
from bot.handoffs.work import HandoffWork
from bot.incidents import files as channel_files
from bot.incidents import messages as incident_orders
from bot.incidents.action_items import ActionItems
from bot.incidents.actions import Actions
from bot.incidents.api import DeclareApi
from bot.incidents.approving import NoticeButtons
from bot.incidents.audiences import AudienceWork
from bot.incidents.candidates import Candidates
from bot.incidents.channels import MovingIn
from bot.incidents.confirming import Answers, Confirmations
from bot.incidents.converting import Converting
from bot.incidents.customers import Customers
from bot.incidents.events import TimelineListeners
from bot.incidents.executives import Executives
from bot.incidents.filing import FilePages, FileWork
from bot.incidents.fleet import Fleet
from bot.incidents.game_day import GameDays
from bot.incidents.impacts import Impacts
from bot.incidents.item_report import ItemReport
from bot.incidents.look_command import LookCommand
from bot.incidents.models import Incident
from bot.incidents.pages import PageListener
from bot.incidents.recorder import Recorder
from bot.incidents.recurrences import Recurrences
from bot.incidents.reminding import Reminders
from bot.incidents.repair import HistoryRepair
from bot.incidents.restricting import Restricting
from bot.incidents.service import Incidents
from bot.incidents.signs import last_sign_of_life
from bot.incidents.slack import IncidentListeners
from bot.incidents.standing import Standings
from bot.incidents.task_command import TaskCommand
from bot.incidents.tracking import Tracking
from bot.incidents.web import LINK_LASTS as INCIDENT_LINK_LASTS
from bot.incidents.web import PURPOSE as INCIDENT_PAGE
from bot.incidents.web import IncidentPage
from bot.incidents.widening import Widening
from bot.incidents.work import IncidentWork
from bot.learning import work as learning_work
from bot.learning.addresses import Addresses as LearningAddresses
from bot.learning.gathering import Reports as QuarterReports
from bot.learning.service import Learning
from bot.learning.slack import LearningCommand
from bot.learning.tag_page import TagPage
from bot.learning.tagging import TagCommand
from bot.learning.web import LearningPages
from bot.learning.work import LearningWork
from bot.oncall import gaps as oncall_gaps
from bot.oncall import messages as oncall_facts
from bot.oncall.addresses import Addresses
from bot.oncall.checks import Checks as OnCallChecks
from bot.oncall.gaps import Gaps
from bot.oncall.leave import Leave
from bot.oncall.lookout import Lookout
from bot.oncall.overriding import Overriding
from bot.oncall.planning import Planner
from bot.oncall.report import Reports
from bot.oncall.service import OnCall
from bot.oncall.slack import OnCallListeners
from bot.oncall.substitutes import Substitutes
from bot.oncall.swaps import Swaps
from bot.oncall.telling import Telling
from bot.oncall.watching import Watching
from bot.oncall.web import OnCallPages
from bot.oncall.work import OnCallWork
from bot.paging import daily as paging_daily
from bot.paging import messages as paging_facts
from bot.paging.actions import PageAction, PageActions
from bot.paging.answering import Answering
from bot.paging.audit import pages_never_sent, pages_without_next_step
from bot.paging.channels.twilio import Twilio
from bot.paging.checks import Checks as ContactChecks
from bot.paging.checks_slack import ContactListeners
from bot.paging.checks_web import CheckDoors
from bot.paging.checks_work import CheckLinks, CheckWork
from bot.paging.climbing import Climbing
from bot.paging.deliveries import Deliveries
from bot.paging.holding import Holding
from bot.paging.mail import MailDoor
from bot.paging.mailing import Mailing
from bot.paging.mobile import MobilePage
from bot.paging.notice import PageChannel
from bot.paging.notices import Notices
from bot.paging.numbers import OurNumbers
from bot.paging.policies import Policies
from bot.paging.senders import Senders
from bot.paging.service import Paging
from bot.paging.slack import PageButtons, PolicyButton
from bot.paging.taken import pages_taken
from bot.paging.texting import Texting
from bot.paging.watchdog import Watchdog
from bot.paging.web import TwilioRoutes
from bot.paging.work import PagingWork
from bot.postmortems.comments import Comments
from bot.postmortems.editor import Editor
from bot.postmortems.material import ALERTS, CHANGES, RUNS, Gatherer
from bot.postmortems.measuring import Measuring
from bot.postmortems.meetings import Meetings
from bot.postmortems.messages import PostmortemDrafted, PostmortemPublished, PostmortemWithdrawn
from bot.postmortems.paper import Paper
from bot.postmortems.picture import Shape
from bot.postmortems.pictures import Pictures
from bot.postmortems.reading import Reading
from bot.postmortems.reminding import Deadlines
from bot.postmortems.review import Reviews
from bot.postmortems.review_page import ReviewDoor
from bot.postmortems.service import Postmortems
from bot.postmortems.sketch import Sketcher
from bot.postmortems.slack import PostmortemCommand
from bot.postmortems.templates import Templates
from bot.postmortems.unfinished import unfinished
from bot.postmortems.unsaved import Unsaved
from bot.postmortems.versions_page import VersionPages
from bot.postmortems.web import PostmortemPages
from bot.postmortems.work import PostmortemWork
from bot.postmortems.writing import Writer
from bot.press.press import Press
from bot.publishing.canvas import CanvasPublisher
from bot.publishing.folder import FolderPublisher
from bot.publishing.git import GitPublisher
from bot.publishing.service import Publishing
from bot.publishing.work import PublishingWork
from bot.reloads import messages as reload_facts
from bot.reloads.service import Reloads
from bot.reloads.work import Following
from bot.runbooks import output
from bot.runbooks.api import RunApi
from bot.runbooks.approvers import Approvers
from bot.runbooks.asking import Asking
from bot.runbooks.catalogue import Catalogue
from bot.runbooks.checks import Checks as RunChecks
from bot.runbooks.deciding import Deciding
from bot.runbooks.effects import Effects
from bot.runbooks.far import FarReports
from bot.runbooks.leftovers import Leftovers
from bot.runbooks.library import Library
from bot.runbooks.messages import RunEnded
from bot.runbooks.page_links import RunLinks
from bot.runbooks.posting import RunFiles
from bot.runbooks.remedies import Remedies
from bot.runbooks.report import RunReport
from bot.runbooks.rules import RuleCommand
from bot.runbooks.runner import PlaybookRunner
from bot.runbooks.secrets import Secrets as RunSecrets
from bot.runbooks.service import Runs
from bot.runbooks.showing import RunCards
from bot.runbooks.slack import RunCommand
from bot.runbooks.start_page import StartPage
from bot.runbooks.web import RunPage
from bot.runbooks.work import RunWork
from bot.slack.channels import Posting
from bot.slack.door import Door
from bot.slack.endpoint import Endpoint
from bot.slack.gateway import Degraded, SlackGateway, web_client
from bot.slack.pace import Pace
from bot.trackers.service import Trackers
from bot.trackers.tracker import Tracker
from bot.trackers.web import GitHubWebhooks
from bot.trackers.work import TrackerWork
from bot.web import front
from bot.web.forms import SignedPages
from bot.web.front import Checks
from bot.web.signing import Links, Secrets, accepted_secrets
from bot.web.webhooks import TwilioWebhooks
from bot.work.audit import AlarmRaised, Auditor
from bot.work.orders import WorkDied
from bot.work.recurring import Recurring
from bot.work.worker import Worker

logger = log.get(__name__)


@dataclass
class Rooms:
    """What the process needs of its rooms once they are put together."""

    front: web.Application
    door: Door
    gateway: SlackGateway
    auditor: Auditor
    watchdog: Watchdog
    recurring: Recurring
    repair: HistoryRepair
    directory: Directory
    paging: Paging
    incidents: Incidents
    oncall: OnCall
    following: Following
    leftovers: Leftovers
    twilio: Twilio | None
    tracker: Tracker
    mail: MailDoor
    runner: PlaybookRunner
    slack: SlackGateway
    """Exchanges what people bring who sign in; it has no token of its own."""

    async def close(self) -> None:
        """Close the connections to the outside."""
        await self.mail.close()
        await self.gateway.close()
        await self.tracker.close()
        await self.slack.close()
        if self.twilio is not None:
            await self.twilio.close()


async def build_rooms(
    settings: Settings,
    directory: Directory,
    watch: Watch,
    clock: Clock,
    database: Database,
    worker: Worker,
    listeners: Listeners,
    checks: Checks,
    environ: Mapping[str, str],
) -> Rooms:
    """Put the rooms together, from the ground up. The database must be up to date."""
    links = await signed_links(settings, database, clock)
    gateway = SlackGateway(web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url), pace=Pace(), clock=clock)
    door = Door(database, gateway, directory.actor_of)
    app = front.build(checks)
    signed = SignedPages(app, links, is_open=settings.sandbox_token is not None)
    accounts = Accounts(directory, can_sign_in=settings.slack_client_id is not None)
    sessions = Sessions(database, accounts, settings.url)
    readers = ReaderPages(app, accounts, sessions, links, is_open=settings.sandbox_token is not None)

    twilio = outside.twilio(settings)
    channels = outside.page_channels(settings, gateway, twilio, directory, clock)
    oncall = OnCall(directory)
    oncall_checks, planner = OnCallChecks(oncall, directory), Planner(oncall, directory)
    swaps, addresses = Swaps(oncall_checks, directory), Addresses(oncall, links)
    telling = Telling(oncall, directory, planner, swaps)
    gaps, substitutes = Gaps(oncall, directory, planner), Substitutes(oncall, directory, planner)
    reports = Reports(oncall, directory, planner, addresses, pages_taken)
    watching, posting = Watching(database, oncall), Posting(gateway)
    climbing = Climbing(directory, oncall, tuple(channel.method for channel in channels))
    paging = Paging(directory, climbing)
    contact_checks = ContactChecks(directory, [channel.method for channel in channels])
    daily = paging_daily.Daily(directory, contact_checks)
    numbers = OurNumbers(links, settings.phone_senders, settings.mail_sender if settings.smtp_url else "")
    deliveries = Deliveries(paging, climbing, Senders(outside.senders(settings)))
    holding = Holding(paging, climbing)
    notices = Notices(
        directory, paging, links, settings.url, lambda: isinstance(gateway.health, Degraded), mail_domain=settings.mail_domain or ""
    )
    page_actions = PageActions()
    policies = Policies(paging, climbing)

    incidents = Incidents(paging)
    standings = Standings(directory, paging, lambda incident: incident_url(links, incident))
    pages = PageListener(directory, incidents)
    recurring, leave = Recurring(database, worker), Leave(database, directory, settings.config)
    widening = Widening(directory, Candidates(directory, oncall), incidents, paging)
    executives, customers = Executives(directory, incidents, paging), Customers(directory, incidents)
    tracking = Tracking(database, directory, incidents, standings, posting)
    actions = Actions(directory, incidents, paging, holding, widening)
    confirmations, answers = Confirmations(directory, incidents), Answers(database, gateway)
    converting = Converting(database, gateway, directory, incidents, MovingIn(incidents, widening), confirmations, answers)
    fleet = Fleet(outside.slack_site(settings)) if settings.sandbox_token else None
    game_days = GameDays(database, incidents, confirmations, answers, fleet)
    items = ActionItems(incidents, directory)
    item_report = ItemReport(directory, items)
    reminders = Reminders(database, directory, incidents, items, item_report)
    recorder = Recorder(directory)
    repair = HistoryRepair(database, gateway, recorder)
    watchdog = Watchdog(database, clock, paging)
    alerts = Alerts(directory, incidents, watchdog)
    intake = Intake(database, alerts)
    declare_api = DeclareApi(directory, database, incidents, Links(await secrets(settings, database), settings.url, WallClock()))

    changes = Changes(directory, incidents)
    postmortems = Postmortems(directory, incidents, links)
    learning, quarter_reports = Learning(directory, incidents), QuarterReports(directory)
    learning_addresses = LearningAddresses(links)
    handoffs, notes, fired_alerts = Handoffs(oncall, directory, planner), Notes(incidents), FiredAlerts(directory)

    machine = f"{gethostname()}:{settings.runs.absolute()}"
    run_secrets = RunSecrets(directory, settings.config, environ, settings.secrets)
    runner = outside.playbook_runner(settings, database, incidents, machine, run_secrets)
    catalogue = Catalogue(directory, settings.config, runner, run_secrets)
    approvers = Approvers(directory, incidents, oncall, paging)
    runs = Runs(directory, incidents, catalogue, approvers)
    effects = Effects(directory, incidents, catalogue, runs)
    remedies = Remedies(directory, incidents, runs, alerts_card.firing)

    recurrences = Recurrences(database, incidents, items)
    tracker = outside.tracker(settings)
    trackers = Trackers(directory, incidents, items, settings.url)

    # What lower rooms show of upper ones
    items.add_links(trackers.links)
    holding.add_sign(last_sign_of_life)
    standings.add(game_days.card_section)
    standings.add(alerts_card.section)
    standings.add(lambda tx, incident: policies.offer(tx, incident.number))
    looking = LookCommand(directory, standings, items)
    looking.register(actions)
    LearningCommand(directory, quarter_reports, learning_addresses).register(actions)
    handovers = Handovers(directory, incidents, paging)
    HandoverCommand(database, directory, incidents, handovers, looking).register(actions, door, worker)
    changes_command = ChangesCommand(changes)
    changes_command.register(actions)
    standings.add(changes_command.card_section)
    reviews = Reviews(directory, incidents, postmortems, accounts)
    meetings = Meetings(database, directory, incidents, postmortems, reviews, links, gateway)
    meetings.register(worker, signed)
    postmortem_command = PostmortemCommand(directory, incidents, postmortems, reviews, meetings)
    postmortem_command.register(actions, door)
    postmortem_command.add("template", Templates(directory, postmortems).choose)
    TagCommand(incidents, postmortems, learning).register(postmortem_command, door)
    standings.add(postmortem_command.card_section)
    run_command = RunCommand(directory, incidents, catalogue, runs, effects, alerts_card.names)
    RuleCommand(directory, remedies).register(actions, door)
    run_command.register(actions, door)
    standings.add(run_command.card_section)
    notes.add("Fired this week", fired_alerts.fired)
    notes.add("Noisy alerts", fired_alerts.noisy)
    notes.add("Unfinished action items", item_report.unfinished)
    notes.add("Unfinished postmortems", unfinished)
    offer_page_actions(page_actions, incidents, declare_api)
    listeners.on(incident_orders.SeverityChanged, approvers.on_severity_changed)
    run_links = RunLinks(directory, incidents, catalogue, approvers, links, alerts_card.names)
    page_actions.offer_links(run_links.on_phone)
    Library(directory, incidents, catalogue, run_command, run_links).register(door)

    # Who hears what
    listeners.on(paging_facts.PersonPaged, pages.on_person_paged)
    listeners.on(paging_facts.SinkReached, watchdog.on_sink_reached)
    listeners.on(paging_facts.PagePosted, pages.on_posted)
    listeners.on(paging_facts.AttemptFailed, pages.on_attempt_failed)
    listeners.on(paging_facts.AttemptHeldBack, pages.on_attempt_held_back)
    listeners.on(paging_facts.StepSkipped, pages.on_step_skipped)
    listeners.on(paging_facts.PageAcknowledged, pages.on_acknowledged)
    listeners.on(paging_facts.PageAcknowledged, holding.on_acknowledged)
    listeners.on(paging_facts.PageSnoozed, pages.on_snoozed)
    listeners.on(paging_facts.PageReturned, pages.on_returned)
    listeners.on(paging_facts.PageDeclined, pages.on_declined)
    listeners.on(paging_facts.PolicyChanged, pages.on_policy_changed)
    listeners.on(paging_facts.PolicyApplied, pages.on_policy_applied)
    listeners.on(paging_facts.PageEscalated, pages.on_escalated)
    listeners.on(paging_facts.FallbackPaged, pages.on_fallback_paged)
    listeners.on(paging_facts.PageExhausted, pages.on_exhausted)
    listeners.on(oncall_facts.SwapAsked, telling.on_swap_asked)
    listeners.on(oncall_facts.SwapAccepted, telling.on_swap_accepted)
    listeners.on(oncall_facts.SwapDeclined, telling.on_swap_declined)
    listeners.on(oncall_facts.SwapWithdrawn, telling.on_swap_withdrawn)
    listeners.on(oncall_facts.OverrideAdded, telling.on_override_added)
    listeners.on(oncall_facts.OverrideRemoved, telling.on_override_removed)
    listeners.on(oncall_facts.TemporaryAdded, telling.on_temporary_added)
    listeners.on(oncall_facts.TemporaryRemoved, telling.on_temporary_removed)
    listeners.on(oncall_facts.ScheduleChanged, watching.on_schedule_changed)
    listeners.on(oncall_facts.ScheduleChanged, gaps.on_schedule_changed)
    listeners.on(oncall_facts.TeamUnheard, lambda tx, fact: incidents.tell_ops(tx, fact.sentence, fact.key))
    listeners.on(oncall_facts.HandoffAhead, handoffs.on_ahead)
    listeners.on(oncall_facts.HandedOff, handoffs.on_handed_off)
    listeners.on(incident_orders.CommanderChanged, handovers.on_commander_changed)
    listeners.on(incident_orders.StateChanged, handovers.on_state_changed)
    listeners.on(paging_facts.PageAcknowledged, handovers.on_acknowledged)
    listeners.on(paging_facts.PageExhausted, handovers.on_exhausted)
    listeners.on(WorkDied, incidents.on_work_died)
    listeners.on(AlarmRaised, incidents.on_alarm)
    listeners.on(incident_orders.ChannelOpened, lambda tx, fact: paging.channel_ready(tx, fact.incident_id, fact.channel_id))

    for hearer in (widening, executives, customers):
        listeners.on(incident_orders.IncidentDeclared, hearer.on_declared)
        listeners.on(incident_orders.SeverityChanged, hearer.on_severity_changed)
        listeners.on(incident_orders.StateChanged, hearer.on_state_changed)
    listeners.on(incident_orders.SeverityConfirmed, widening.on_confirmed)
    listeners.on(incident_orders.ResponderJoined, widening.on_responder_joined)
    listeners.on(paging_facts.PageAcknowledged, executives.on_acknowledged)
    listeners.on(paging_facts.PageAcknowledged, customers.on_acknowledged)
    for keeper in (executives, customers, postmortems):
        listeners.on(incident_orders.IncidentRestricted, keeper.on_restricted)
    tracking.listen(listeners)

    listeners.on(reload_facts.ConfigurationInForce, lambda tx, fact: watching.start(tx))
    listeners.on(reload_facts.ConfigurationInForce, lambda tx, fact: gaps.look_at_all(tx))
    listeners.on(reload_facts.ConfigurationInForce, lambda tx, fact: leave.order(tx))
    listeners.on(reload_facts.ConfigurationInForce, lambda tx, fact: directory.look_up(tx))
    listeners.on(reload_facts.ConfigurationInForce, lambda tx, fact: directory.look_up_groups(tx))
    listeners.on(reload_facts.ConfigurationInForce, lambda tx, fact: policies.on_configuration(tx))
    listeners.on(reload_facts.ConfigurationInForce, lambda tx, fact: contact_checks.verify_all(tx))
    listeners.on(reload_facts.ConfigurationInForce, lambda tx, fact: handoffs.follow(tx, fact.teams))

    listeners.on(incident_orders.IncidentMerged, alerts.on_merged)
    listeners.on(incident_orders.IncidentResolved, game_days.on_over)
    listeners.on(incident_orders.IncidentCancelled, game_days.on_over)
    listeners.on(incident_orders.IncidentResolved, postmortems.on_resolved)
    listeners.on(incident_orders.IncidentReopened, postmortems.on_reopened)
    listeners.on(incident_orders.IncidentDeclared, recurrences.on_declared)
    listeners.on(incident_orders.ActionItemsChanged, reminders.on_items_changed)
    listeners.on(incident_orders.ActionItemsChanged, postmortems.on_items_changed)
    listeners.on(incident_orders.ActionItemsChanged, trackers.on_items_changed)
    listeners.on(incident_orders.FilesChanged, lambda tx, fact: postmortems.amend(tx, fact.incident_id))
    listeners.on(incident_orders.SeverityChanged, trackers.on_severity_changed)
    listeners.on(incident_orders.IncidentRestricted, trackers.on_restricted)
    listeners.on(incident_orders.IncidentRestricted, recurrences.on_restricted)
    listeners.on(incident_orders.ImpactTold, lambda tx, fact: postmortems.amend(tx, fact.incident_id))
    listeners.on(incident_orders.HistoryRepaired, postmortems.on_repaired)
    listeners.on(PostmortemDrafted, reviews.on_drafted)
    listeners.on(incident_orders.HistoryRepaired, converting.on_history_repaired)

    learning.listen(listeners)

    listeners.on(alert_facts.AlertsFired, lambda tx, fact: remedies.look_at(tx, fact.incident_id))
    listeners.on(incident_orders.ChannelOpened, lambda tx, fact: remedies.look_at(tx, fact.incident_id))
    listeners.on(incident_orders.SeverityChanged, lambda tx, fact: remedies.look_at(tx, fact.incident_id))
    listeners.on(RunEnded, remedies.on_run_ended)
    listeners.on(RunEnded, lambda tx, fact: postmortems.amend(tx, fact.incident_id))

    # Who does what later
    door.work(worker)
    watching.register(worker)
    Lookout(database, directory, gaps, substitutes, posting).register(worker)
    OnCallWork(database, directory, oncall, planner, swaps, telling, substitutes, posting).register(worker)
    HandoffWork(database, oncall, planner, directory, handoffs, notes).register(worker)
    worker.handles(FollowOnCall, Showing(database, directory, oncall, posting).follow)
    leave.register(worker)
    recurring.add("absences", "7 * * * *", leave.order)
    recurring.add("watchdog-phone", paging_daily.EVERY_HOUR, daily.each_hour)
    recurring.add("gaps", oncall_gaps.EACH_DAY, gaps.each_day)
    by_method: dict[str, PageChannel] = {channel.method: channel for channel in channels}
    PagingWork(database, paging, deliveries, holding, notices, by_method).register(worker)
    CheckWork(database, directory, contact_checks, CheckLinks(links, settings.url), gateway, by_method).register(worker)
    IncidentWork(database, gateway, directory, incidents, paging, standings, pages, widening, posting).register(worker)
    AudienceWork(database, executives, customers, tracking).register(worker)
    DirectoryWork(database, directory, gateway).register(worker)
    FileWork(database, directory, gateway).register(worker)
    recurring.add("channel-files", "17 4 * * *", lambda tx, at: channel_files.forget_old(tx, at, directory.config.files.kept_for))
    AlertWork(database, alerts, intake).register(worker)
    reminders.register(worker)
    recurrences.register(worker)
    TrackerWork(database, trackers, tracker).register(worker)
    worker.handles(incident_orders.RepairHistory, repair.repair_history)
    gatherer = Gatherer(directory, paging, items)
    run_report = RunReport(directory, runs)
    gatherer.add("Did it come back?", recurrences.accounts)
    gatherer.add(CHANGES, changes.accounts)
    gatherer.add(RUNS, run_report.accounts)
    gatherer.add(ALERTS, alerts_report.accounts)
    writer = Writer(directory, gatherer)
    sketcher, press = Sketcher(directory, paging), Press()
    sketcher.add("Alerts", Shape.ALERT, alerts_card.spans)
    sketcher.add("Changes", Shape.CHANGE, changes.spans)
    sketcher.add("Runs", Shape.RUN, run_report.spans)
    pictures = Pictures(database, gateway, incidents, sketcher, press)
    pictures.register(worker)
    listeners.on(PostmortemDrafted, pictures.on_drafted)
    paper = Paper(press)
    publishing = Publishing(incidents, (CanvasPublisher(directory, gateway), FolderPublisher(directory), GitPublisher(directory, press)))
    listeners.on(PostmortemPublished, publishing.on_published)
    listeners.on(PostmortemWithdrawn, publishing.on_withdrawn)
    listeners.on(incident_orders.IncidentRestricted, publishing.on_restricted)
    PublishingWork(database, directory, incidents, postmortems, pictures, paper, publishing, settings.url).register(worker)
    PostmortemWork(database, incidents, writer, postmortems, Measuring(database, directory)).register(worker)
    Deadlines(database, directory, incidents, postmortems).register(worker)

    learning_later = LearningWork(database, directory, incidents, learning, quarter_reports, learning_addresses, posting)
    learning_later.register(worker)
    recurring.add("learning", learning_work.EACH_HOUR, learning_later.each_hour)

    leftovers = Leftovers(database, runner, settings.runs_kept)
    run_checks = RunChecks(catalogue, runner)
    RunWork(database, catalogue, runs, effects, remedies, runner, run_checks, leftovers, run_secrets, machine).register(worker)
    recurring.add("old-changes", "47 3 * * *", lambda tx, at: changes.forget_old(tx))
    recurring.add("sessions", "47 * * * *", lambda tx, at: accounts.forget_old(tx))
    recurring.add("run-output", "37 * * * *", lambda tx, at: output.forget_old(tx))
    far_reports = FarReports(database, directory, runs, effects)
    far_reports.register(worker)
    RunFiles(database, gateway, incidents, runs).register(worker)
    cards = RunCards(database, gateway, directory, incidents, catalogue, runs, links)
    cards.register(worker)
    Asking(database, gateway, directory, incidents, runs, approvers, cards, links).register(worker)

    # Doors
    IncidentListeners(directory, incidents, actions, standings, confirmations).register(door)
    game_days.register(actions, door, worker)
    converting.register(actions, worker)
    Restricting(database, directory, incidents, paging, posting).register(actions, door, worker)
    TaskCommand(incidents, items, item_report, recurrences, directory).register(actions, door)
    Impacts(incidents, directory).register(actions)
    TimelineListeners(directory, recorder).register(door)
    NoticeButtons(customers).register(door)
    PageButtons(paging).register(door)
    PolicyButton(policies).register(door)
    contact_listeners = ContactListeners(directory, contact_checks, numbers)
    contact_listeners.register(door)
    oncall_listeners = OnCallListeners(oncall, directory, planner, Overriding(oncall_checks), swaps, addresses, reports.told)
    oncall_listeners.add_to_home(contact_listeners.home)
    oncall_listeners.register(door)
    HandoffButtons(handoffs).register(door)
    OnCallPages(database, oncall, directory, planner, addresses, reports).register(signed)
    MobilePage(database, paging, holding, notices, page_actions, directory).register(signed)
    incident_page = IncidentPage(database, directory, incidents, paging, items)
    incident_page.add(run_links.on_incident)
    incident_page.register(signed)
    reading = Reading(incidents, postmortems)
    comments = Comments(directory, postmortems)
    review = ReviewDoor(database, directory, reading, postmortems, reviews, meetings)
    review.register(readers)
    postmortem_pages = PostmortemPages(database, directory, reading, writer, postmortems, comments, review, pictures, paper)
    postmortem_pages.register(readers)
    tag_page = TagPage(database, reading, learning)
    tag_page.register(readers)
    postmortem_pages.add(tag_page.links)
    Editor(database, directory, reading, postmortems, Unsaved(postmortems)).register(readers)
    VersionPages(database, directory, reading, postmortems).register(readers)
    FilePages(database, incidents).register(readers)
    client_secret = settings.slack_client_secret.get_secret_value() if settings.slack_client_secret else ""
    slack = outside.signing_in(settings, clock)
    SignIn(database, directory, accounts, sessions, gateway, slack, outside.provider(settings), client_secret).register(app, readers)
    LearningPages(database, directory, quarter_reports, learning_addresses, postmortems, links, press).register(app, readers)
    answering = Answering(paging, holding, page_actions, directory)
    RunPage(database, directory, catalogue, runs, Deciding(database, incidents, runs, run_links)).register(signed)
    StartPage(database, incidents, catalogue, runs, run_links).register(signed)
    texting = Texting(paging, holding, deliveries, page_actions, answering, contact_checks, numbers)
    token = settings.twilio_auth_token.get_secret_value() if settings.twilio_auth_token else None
    webhooks = TwilioWebhooks(token, settings.url)
    TwilioRoutes(database, paging, deliveries, notices, texting, answering, page_actions, webhooks, links).register(app)
    CheckDoors(database, contact_checks, webhooks, links, numbers).register(app, signed)
    mail_key = settings.mail_key.get_secret_value() if settings.mail_key else None
    mail = MailDoor(database, notices, deliveries, Mailing(answering, holding, deliveries, directory), mail_key)
    mail.register(app)
    app.add_routes(AlertRoutes(directory, intake).routes())
    app.add_routes(declare_api.routes())
    github_secret = settings.github_webhook_secret.get_secret_value() if settings.github_webhook_secret else None
    app.add_routes(GitHubWebhooks(database, trackers, github_secret).routes())
    app.add_routes(ChangeApi(database, directory, changes).routes())
    app.add_routes(RunApi(database, directory, incidents, catalogue, runs, run_links).routes())
    if not settings.is_socket_mode and settings.slack_signing_secret is not None:
        app.add_routes(Endpoint(door, settings.slack_signing_secret.get_secret_value()).routes())

    auditor = Auditor(database, settings.heartbeat_url)
    for check in (pages_without_next_step, pages_never_sent, watchdog.silence, daily.daily_messages, far_reports.queues_without_worker):
        auditor.add(check.__name__, check)

    return Rooms(
        front=app,
        door=door,
        gateway=gateway,
        auditor=auditor,
        watchdog=watchdog,
        recurring=recurring,
        repair=repair,
        directory=directory,
        paging=paging,
        incidents=incidents,
        oncall=oncall,
        following=Following(database, directory, Reloads(oncall), watch),
        leftovers=leftovers,
        twilio=twilio,
        tracker=tracker,
        mail=mail,
        runner=runner,
        slack=slack,
    )


async def at_start(rooms: Rooms, tx: Tx) -> None:
    """What every process orders when it begins."""
    await rooms.recurring.start(tx)
    await rooms.repair.repair_open(tx)


async def secrets(settings: Settings, database: Database) -> Secrets:
    """The secrets that sign and open links."""
    previous = settings.previous_secret.get_secret_value() if settings.previous_secret else None
    async with database.begin(actor=BOT) as tx:
        return await accepted_secrets(tx, settings.secret.get_secret_value(), previous)


async def signed_links(settings: Settings, database: Database, clock: Clock) -> Links:
    """Makes and opens signed links by the bot's clock."""
    return Links(await secrets(settings, database), settings.url, clock)


def incident_url(links: Links, incident: Incident) -> str:
    """The page of an incident, for whoever holds the link."""
    return links.link(INCIDENT_PAGE, str(incident.number), person=None, lasts=INCIDENT_LINK_LASTS)


def offer_page_actions(actions: PageActions, incidents: Incidents, declare_api: DeclareApi) -> None:
    """What a phone can do besides answering."""

    async def resolve(tx: Tx, incident_id: int, text: str) -> str:
        incident = await incidents.resolve(tx, incident_id, text)
        return f"#{incident.number} is resolved. It can be undone in Slack for 5 min."

    async def declare(tx: Tx, severity: int | None, text: str) -> str:
        line = f"sev{severity} {text}" if severity else text
        declared = await incidents.declare(tx, declare_api.understood(line, origin="sms"))
        verb = "declared" if declared.is_new else "was declared moments ago"
        return f"#{declared.incident.number} SEV{declared.incident.severity} {verb}."

    actions.offer(PageAction("resolve", "Resolve", resolve))
    actions.offer_declare(declare)
