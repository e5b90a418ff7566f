"""Taking in one page of Slack's history, of a channel or of a thread, against what was known before it was asked for."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.db import Tx
from bot.incidents.known import Known
from bot.incidents.recorder import Faces, Recorder
from bot.incidents.sheet import Sheet, vanished
from bot.incidents.transcript import just_after, stamp
from bot.slack import events, fields
from bot.slack.marks import EVENT_TYPE

Raw = Mapping[str, object]


async def take_in(tx: Tx, recorder: Recorder, incident_id: int, channel: str, page: Sequence[Raw], known: Known) -> None:
    """Write down what the page shows."""
    sheet = await Sheet.open(tx, incident_id, channel, {fields.text(message, "ts") for message in page})
    faces = await recorder.faces(tx)
    buried = []
    for message in page:
        if fields.text(message, "subtype") == "tombstone":
            buried.append(fields.text(message, "ts"))
            continue
        await _reconcile_reactions(sheet, faces, message, known)
        if fields.text(message, "metadata", "event_type") != EVENT_TYPE:
            await _take_in_message(sheet, recorder, faces, message)
            _reconcile_pin(sheet, message, known)
    await sheet.done()
    await vanished(tx, channel, buried)


def missing(part: Sequence[Raw], known: Known, shown: Collection[str]) -> list[str]:
    """What a page of a channel's history, of which this is a part, should show and does not: it was deleted, and so were the replies to
    what has none left."""
    if not part:
        return []
    # What is older than everything shown may be hidden by the workspace's retention; that proves no deletion.
    gone = [ts for ts in known.between(min((fields.text(message, "ts") for message in part), key=stamp)) if ts not in shown]
    bare = (fields.text(message, "ts") for message in part if fields.number(message, "reply_count") == 0)
    return gone + [reply for ts in bare for reply in known.replies.get(ts, ())]


def missing_replies(page: Sequence[Raw], known: Known, after: str, is_last: bool) -> list[str]:
    """The same for a page of replies later than `after`; the last one shows them all."""
    shown = {fields.text(message, "ts") for message in page}
    until = None if is_last else max(shown, key=stamp, default=after)
    return [ts for ts in known.between(after, until) if ts not in shown]


async def _take_in_message(sheet: Sheet, recorder: Recorder, faces: Faces, message: Raw) -> None:
    body = events.message({**message, "channel": sheet.channel_id})
    edited = fields.text(message, "edited", "ts")
    # Slack cuts this time to the second, where the event of the same edit has more digits: history is at least as new.
    version = f"{stamp(edited)[0]}.999999" if edited else body.ts
    name = fields.text(message, "bot_profile", "name") or fields.text(message, "username")
    await recorder.take_in(sheet, body, faces, version=version, bot_name=name)


def _reconcile_pin(sheet: Sheet, message: Raw, known: Known) -> None:
    ts, pinned_to = fields.text(message, "ts"), message.get("pinned_to")
    is_pinned = isinstance(pinned_to, list) and sheet.channel_id in pinned_to
    before = known.pins.get(ts)
    if is_pinned != (before is not None and before.is_pinned):
        since = just_after(before.since) if before and before.since else ts
        sheet.pinned(ts, event_ts=since, added=is_pinned)


async def _reconcile_reactions(sheet: Sheet, faces: Faces, message: Raw, known: Known) -> None:
    """History tells who reacts with what now, not since when: what differs from before counts as changed just after it last did."""
    ts = fields.text(message, "ts")
    standing: set[tuple[str, str, str]] = set()
    is_whole = True
    for reaction in fields.items(message, "reactions"):
        users, name = _texts(reaction.get("users")), fields.text(reaction, "name")
        is_whole = is_whole and len(users) >= fields.number(reaction, "count")
        standing |= {(ts, await faces.actor(user), name) for user in users}
    for key in sorted(standing):
        before = known.reactions.get(key)
        if before is None or before.is_removed:
            sheet.reacted(*key, event_ts=just_after(before.event_ts) if before else ts, added=True)
    for key in sorted(_taken_back(ts, known, standing)) if is_whole else []:
        sheet.reacted(*key, event_ts=just_after(known.reactions[key].event_ts), added=False)


def _taken_back(ts: str, known: Known, standing: set[tuple[str, str, str]]) -> Iterable[tuple[str, str, str]]:
    return (key for key in known.reactions_to(ts) if not known.reactions[key].is_removed and key not in standing)


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
