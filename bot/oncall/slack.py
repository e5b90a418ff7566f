"""`/oncall` and its buttons: read what was typed, show it in absolute form, change it once it is confirmed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import AlreadyDone, InvalidInput
from bot.oncall import blocks
from bot.oncall.addresses import Addresses
from bot.oncall.board import Boards
from bot.oncall.echo import Echo
from bot.oncall.grammar import HELP, Cover, Help, Intent, Mine, Off, Override, Report, Shifts, Show, Swap, Temporary, Unclear, parse
from bot.oncall.grammar import Addresses as AskAddresses
from bot.oncall.overriding import Overriding
from bot.oncall.planning import Planner
from bot.oncall.proposals import Proposal, What
from bot.oncall.service import Board, OnCall
from bot.oncall.substitutes import Substitutes
from bot.oncall.swaps import Swaps
from bot.oncall.wording import between
from bot.slack.answer import words
from bot.slack.door import Door
from bot.slack.replies import Reply, Say, ShowHome, UpdateModal
from bot.slack.requests import Click, Command, Event
from bot.slack.text import clamp, escape, unescape

CANCELLED = "Nothing was changed."
Reporting = Callable[[Tx, str], Awaitable[str]]
HomeSection = Callable[[Tx], Awaitable[Sequence[Block]]]


class _Rehearsed(Exception):
    """No error: it undoes what was only tried."""


class OnCallListeners:
    """Listeners of `/oncall`, of the buttons it shows, and of the home tab."""

    def __init__(
        self,
        oncall: OnCall,
        directory: Directory,
        planner: Planner,
        overriding: Overriding,
        swaps: Swaps,
        addresses: Addresses,
        report: Reporting,
    ) -> None:
        self._oncall = oncall
        self._directory = directory
        self._planner = planner
        self._overriding = overriding
        self._swaps = swaps
        self._addresses = addresses
        self._report = report
        self._substitutes = Substitutes(oncall, directory, planner)
        self._sections: list[HomeSection] = []
        self._boards = Boards(oncall, directory, planner)
        self._echo = Echo(oncall, directory, planner)

    def add_to_home(self, section: HomeSection) -> None:
        """Let the home tab show something of an upper room below what is on call."""
        self._sections.append(section)

    def register(self, door: Door) -> None:
        """Tell the door what comes here."""
        door.command(self._oncall.config.commands.oncall, self.command)
        door.home(self.home)
        for action in (blocks.DO, f"{blocks.DO}:*"):
            door.click(action, self.do)
        door.click(f"{blocks.CHOOSE}:*", self.choose)
        door.click(blocks.CANCEL, self.cancel)
        door.click(blocks.REMOVE, self.remove)
        door.click(blocks.REMOVE_TEMPORARY, self.remove_temporary)
        door.click(f"{blocks.COVER}:*", self.ask_team)
        door.click(f"{blocks.OFF}:*", self.find_cover)
        door.click(blocks.FILL, self.fill)
        for action, listener in ((blocks.ACCEPT, self.accept), (blocks.DECLINE, self.decline)):
            door.click(action, listener)
            door.click(f"{action}:*", listener)
        door.click(blocks.WITHDRAW, self.withdraw)
        door.click(f"{blocks.WITHDRAW}:*", self.withdraw)

    # Typed

    async def command(self, tx: Tx, command: Command) -> Reply:
        """`/oncall …`."""
        return await self.follow(tx, parse(unescape(command.text), self._planner.known()))

    async def follow(self, tx: Tx, intent: Intent) -> Reply:
        """Do what a line means."""
        match intent:
            case Mine():
                return Say(clamp(await self._boards.overview(tx)))
            case Show(target):
                return await self._show(tx, target)
            case Shifts(person):
                return Say(clamp(await self._boards.shifts_of(tx, await self._planner.person(tx, person), most=6)))
            case Override():
                return await self._proposed(tx, await self._planner.override(tx, intent))
            case Temporary():
                return await self._proposed(tx, await self._planner.temporary(tx, intent))
            case Swap():
                return await self._proposed(tx, await self._planner.swap(tx, intent))
            case Cover():
                return await self._proposed(tx, await self._planner.cover(tx, intent))
            case Off():
                return await self._who_could(tx, (await self._planner.cover(tx, intent))[0])
            case Report(quarter):
                return Say(clamp(await self._report(tx, quarter)))
            case AskAddresses(target):
                return Say(clamp(self._addresses.told(str(tx.actor), self._planner.schedules_named(target) if target else [])))
            case Help():
                return Say(HELP.format(root=self._oncall.config.commands.oncall))
            case Unclear(why):
                return Say(why.replace("`help`", f"`{self._oncall.config.commands.oncall} help`"))

    async def _show(self, tx: Tx, target: str) -> Reply:
        """Now and next, and what people changed from now on, each with the button that takes it back."""
        names = self._planner.schedules_named(target)
        if target in self._oncall.schedules():
            told = await self._boards.schedule(tx, target)
        else:
            team = next(team for team in self._boards.teams() if team.oncall and set(names) <= set(team.oncall.schedules().values()))
            told = await self._boards.team(tx, team)
        text = clamp(f"{told}\n{self._boards.clock(tx)} {self._addresses.calendar(str(tx.actor), names[0])}")
        changed = [change for name in names for change in await self._boards.changed(tx, name)]
        return Say(text, blocks.board(text, changed) if changed else ())

    # Proposed

    async def _proposed(self, tx: Tx, proposals: Sequence[Proposal], *, click: Click | None = None) -> Reply:
        if len(proposals) > 1:
            choices = [(self._planner.title(one.schedule), one) for one in proposals]
            which = "Which one do you mean? You can also name it at once, as in `… for payments`."
            return shown(click, which, blocks.choice(which, choices))
        proposal = proposals[0]
        text = await self._echo.of(tx, proposal, await self._rehearsed(tx, proposal))
        return shown(click, text, blocks.confirm(text, proposal))

    async def _rehearsed(self, tx: Tx, proposal: Proposal) -> Board:
        """The schedule as it would be. What would be refused when it is confirmed is refused now."""
        try:
            async with tx.savepoint():
                await self._carry_out(tx, proposal)
                after = await self._oncall.board(tx, proposal.schedule, proposal.start, proposal.end)
                raise _Rehearsed
        except _Rehearsed:
            return after

    async def _carry_out(self, tx: Tx, one: Proposal) -> int:
        """Make the change; the number of the override, temporary schedule or swap."""
        if one.what is What.OVERRIDE:
            made = await self._overriding.add_override(tx, one.schedule, one.person, one.start, one.end, instead_of=one.instead_of or None)
            return made.id or 0
        if one.what is What.TEMPORARY:
            return (await self._overriding.add_temporary(tx, one.schedule, one.start, one.end, one.shifts)).id or 0
        asked = await self._swaps.ask_swap(tx, one.schedule, one.start, one.end, one.person or None, one.in_return)
        return asked.id or 0

    async def _who_could(self, tx: Tx, cover: Proposal, click: Click | None = None) -> Reply:
        zone = self._planner.zone(tx.actor)
        when = f"*{between(cover.start, cover.end, zone)}* ({zone})"
        found = await self._substitutes.candidates(tx, cover)
        intro = f"Your time as {escape(self._planner.title(cover.schedule))}: {when}."
        if not found:
            text = f"{intro}\nNobody else of the team may stand in. Ask the team's lead, or name somebody: `swap @kim`."
            return shown(click, text, [blocks.text_block(text)])
        lines = []
        for one in found:
            name = escape(self._directory.name(one.person))
            ask = Proposal(What.SWAP, cover.schedule, cover.start, cover.end, one.person)
            lines.append((f"*{name}*: {self._substitutes.told(one, zone, tx.now)}", name.split()[0], ask))
        text = f"{intro}\nWho could take it, least lately on call first:"
        return shown(click, text, blocks.candidates(text, lines, cover))

    # Pressed

    async def do(self, tx: Tx, click: Click) -> Reply:
        """Confirmed: what stood there happens, if it still can."""
        one = Proposal.from_value(click.value)
        number = await self._carry_out(tx, one)
        zone = self._planner.zone(tx.actor)
        when, title = between(max(one.start, tx.now), one.end, zone), escape(self._planner.title(one.schedule))
        if one.what is What.OVERRIDE:
            who = "You are" if one.person == tx.actor else f"{escape(self._directory.name(one.person))} is"
            text = f"Done: {who} on call as {title} {when} ({zone})."
            return shown(click, text, blocks.with_button(text, "Take it back", blocks.REMOVE, str(number)))
        if one.what is What.TEMPORARY:
            text = f"Done: these shifts stand in place of the schedule of {title} {when} ({zone}). Who is concerned was told."
            return shown(click, text, blocks.with_button(text, "Take it back", blocks.REMOVE_TEMPORARY, str(number)))
        whom = escape(self._directory.name(one.person)) if one.person else "The team"
        text = f"{whom} was asked: {title} {when} ({zone}). You stay on call until somebody takes it."
        return shown(click, text, blocks.with_button(text, "Withdraw", blocks.WITHDRAW, str(number)))

    async def choose(self, tx: Tx, click: Click) -> Reply:
        """One of several was meant; now it is shown in full."""
        return await self._proposed(tx, [Proposal.from_value(click.value)], click=click)

    async def cancel(self, tx: Tx, click: Click) -> Reply:
        """Nothing of it."""
        return shown(click, CANCELLED, ())

    async def remove(self, tx: Tx, click: Click) -> Reply:
        """An override is taken back."""
        await self._overriding.remove_override(tx, number_in(click.value))
        return shown(click, "Taken back: the plan holds again.", ())

    async def remove_temporary(self, tx: Tx, click: Click) -> Reply:
        """A temporary schedule is taken back."""
        await self._overriding.remove_temporary(tx, number_in(click.value))
        return shown(click, "Taken back: the plan holds again.", ())

    async def ask_team(self, tx: Tx, click: Click) -> Reply:
        """From the home tab: the team is to be asked; first it is shown in full."""
        return await self._proposed(tx, [Proposal.from_value(click.value)])

    async def fill(self, tx: Tx, click: Click) -> Reply:
        """I take a time at which nobody is on call; first it is shown in full."""
        wanted = Proposal.from_value(click.value)
        return await self._proposed(tx, [replace(wanted, start=max(wanted.start, tx.now), person=str(tx.actor))])

    async def find_cover(self, tx: Tx, click: Click) -> Reply:
        """From the home tab: who could take this shift?"""
        return await self._who_could(tx, Proposal.from_value(click.value))

    async def accept(self, tx: Tx, click: Click) -> Reply:
        """I take it. The first who does has it."""
        swap = await self._swaps.accept_swap(tx, number_in(click.value))
        zone = self._planner.zone(tx.actor)
        text = f"You have it: {escape(self._planner.title(swap.schedule))} {between(swap.start, swap.end, zone)} ({zone})."
        if swap.return_start and swap.return_end:
            text += f" {escape(self._directory.name(swap.requester))} takes yours {between(swap.return_start, swap.return_end, zone)}."
        return await self._answered(tx, click, text)

    async def decline(self, tx: Tx, click: Click) -> Reply:
        """I was asked and cannot."""
        swap = await self._swaps.decline_swap(tx, number_in(click.value))
        name = escape(self._directory.name(swap.requester))
        return await self._answered(tx, click, f"{name} was told that you cannot. They stay on call until somebody else takes it.")

    async def withdraw(self, tx: Tx, click: Click) -> Reply:
        """I take back what I asked."""
        try:
            await self._swaps.withdraw_swap(tx, number_in(click.value))
        except AlreadyDone as late:
            return await self._in_place(tx, click, str(late))
        return await self._in_place(tx, click, "Withdrawn: it stays yours.")

    async def _in_place(self, tx: Tx, click: Click, text: str) -> Reply:
        """Where only who pressed sees it, in place of it; on the home tab, the tab as it is now."""
        return ShowHome(await self._home(tx)) if click.view_id and not click.in_modal else shown(click, text, ())

    async def _answered(self, tx: Tx, click: Click, text: str) -> Reply:
        """In place of the question, where only who answered sees it; on the home tab, the tab as it is now."""
        if click.view_id and not click.in_modal:
            return ShowHome(await self._home(tx))
        is_ours_alone = click.channel.startswith("D") or click.in_modal
        return shown(click, text, ()) if is_ours_alone else Say(text)

    # Home

    async def home(self, tx: Tx, event: Event) -> Reply:
        """The home tab, as it is now."""
        return ShowHome(await self._home(tx))

    async def _home(self, tx: Tx) -> View:
        zone = self._planner.zone(tx.actor)
        lines = []
        for one in await self._oncall.next_shifts(tx, tx.actor, tx.now):
            start, end = max(one.shift.start, tx.now), min(one.shift.end, max(one.shift.start, tx.now) + timedelta(weeks=1))
            title = escape(self._planner.title(one.schedule))
            now = " (now)" if one.shift.start <= tx.now else ""
            lines.append(blocks.Line(f"*{title}*{now}\n{between(start, end, zone)}", Proposal(What.COVER, one.schedule, start, end)))
        waiting, asked = [], []
        for swap in await self._swaps.open_swaps(tx, tx.actor):
            who, title = escape(self._directory.name(swap.requester)), escape(self._planner.title(swap.schedule))
            if swap.requester == tx.actor and swap.id is not None:
                whom = escape(self._directory.name(swap.asked)) if swap.asked else "the team"
                asked.append((f"You asked {whom}: {title} {between(swap.start, swap.end, zone)}", swap.id))
            if swap.requester == tx.actor or swap.id is None or not self._may_take(tx, swap.schedule, swap.asked):
                continue
            asks = "asks you" if swap.asked else "asks the team"
            waiting.append((f"{who} {asks}: {title} {between(swap.start, swap.end, zone)}", swap.id, swap.asked is not None))
        mine = await self._boards.mine(tx)
        board = await self._boards.overview(tx) if self._boards.teams() else "No team has an on-call rotation yet."
        more = [block for section in self._sections for block in await section(tx)]
        own = [name for name in self._oncall.schedules() if tx.actor in self._planner.members(name)]
        return blocks.home(mine, lines, waiting, asked, board.removeprefix(mine).strip(), self._addresses.told(str(tx.actor), own), more)

    def _may_take(self, tx: Tx, schedule: str, asked: str | None) -> bool:
        return asked == tx.actor or (asked is None and tx.actor in self._planner.members(schedule))


def shown(click: Click | None, text: str, body: Sequence[Block]) -> Reply:
    """In the place of what was clicked: the modal, or the message. What was clicked on the home tab opens a modal."""
    if click is None:
        return Say(text, body)
    if click.in_modal:
        return UpdateModal(words(text, body))
    return Say(text, body or [blocks.text_block(text)], replace=True)


def number_in(value: str) -> int:
    """The number a button carries."""
    if not value.isascii() or not value.isdecimal() or len(value) > 12:
        raise InvalidInput("This button is of another version of the bot. Type the command again.")
    return int(value)
