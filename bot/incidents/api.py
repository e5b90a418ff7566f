"""Declaring without Slack: `POST /hooks/declare` of the running bot, and the client that `tocsin declare` is.

The request carries a signed token, good for a minute and bound to who declares, made from the secret that bot and client share.
"""

from collections.abc import Mapping
from datetime import timedelta

import aiohttp
from aiohttp import web

from bot.clock import WallClock
from bot.config.settings import declare_settings
from bot.db import ActorId, Database
from bot.directory.service import Directory
from bot.errors import InvalidInput, NotAllowed, Unavailable
from bot.incidents.declaration import Declaration, declaration_of
from bot.incidents.grammar import parse
from bot.incidents.intents import Declare, MentionKind, Place
from bot.incidents.service import Incidents
from bot.slack.text import escape
from bot.web.signing import Links, Secrets
from bot.web.text import storable

PATH = "/hooks/declare"
PURPOSE = "declare"
GOOD_FOR = timedelta(minutes=1)
EXAMPLE = "tocsin declare sev1 checkout is down"


class DeclareApi:
    """The route that takes declarations from the command line and from scripts."""

    def __init__(self, directory: Directory, database: Database, incidents: Incidents, links: Links) -> None:
        self._directory = directory
        self._db = database
        self._incidents = incidents
        self._links = links

    def routes(self) -> list[web.RouteDef]:
        """To be added to the front door."""
        return [web.post(PATH, self.declare)]

    async def declare(self, request: web.Request) -> web.Response:
        """`{"text": "sev1 checkout is down"}` → `{"incident": 42, "new": true, "says": …}`; a young twin is answered with `new: false`."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            raise NotAllowed("Send a signed token: Authorization: Bearer …; `tocsin declare` makes one.")
        who = self._links.open(token, PURPOSE, way_out="Check that TOCSIN_SECRET and the clocks agree.").person or ActorId("cli")
        try:
            body = await request.json()
            text = storable(str(body["text"]))
        except (ValueError, KeyError, TypeError):
            raise InvalidInput('The body must be JSON like {"text": "sev1 checkout is down"}.') from None
        declaration = self.understood(text)
        async with self._db.begin(actor=who) as tx:
            declared = await self._incidents.declare(tx, declaration)
        incident = declared.incident
        says = f"#{incident.number} SEV{incident.severity} {incident.title}"
        says = f"{says}: declared." if declared.is_new else f"{says}: was declared moments ago; nobody was paged again."
        return web.json_response(
            {"incident": incident.number, "new": declared.is_new, "says": says}, status=201 if declared.is_new else 200
        )

    def understood(self, text: str, origin: str = "cli") -> Declaration:
        """What a line without Slack declares. It needs no `new`; raises `InvalidInput` when it declares nothing."""
        config = self._directory.config
        services = frozenset(name for name in config.service_names if " " not in name)
        intent = parse(f"new {escape(text)}", Place(services=services, people=frozenset(config.people), teams=frozenset(config.teams)))
        if not isinstance(intent, Declare):
            raise InvalidInput(f"Say in a few words what is wrong: {EXAMPLE}")
        if intent.unknown_service:
            self._incidents.judge.service(intent.unknown_service, "")
        people = tuple(ActorId(who.ref) for who in intent.people if who.kind is MentionKind.PERSON)
        return declaration_of(intent, origin=origin, people=people)


async def declare_at(environ: Mapping[str, str], text: str, by: str) -> str:
    """Declare at the running bot and return what it says; `Unavailable` when it cannot be reached, `InvalidInput` when it declines."""
    url, secret = declare_settings(environ)
    token = Links(Secrets(secret), url, WallClock()).token(PURPOSE, person=ActorId(by.lower()), lasts=GOOD_FOR)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
            session.post(url + PATH, json={"text": text}, headers={"Authorization": f"Bearer {token}"}) as answer,
        ):
            said = await answer.json(content_type=None)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        raise Unavailable(f"No Tocsin answers at {url}. Nothing was declared: call somebody, or text the number that pages you.") from None
    if answer.status >= 300:
        raise InvalidInput(str(said.get("error", f"The bot answered {answer.status}.")))
    return str(said["says"])
