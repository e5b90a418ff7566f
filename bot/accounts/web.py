"""Signing in with Slack and out again, and the page that says as whom."""

from collections.abc import Mapping

from aiohttp import web

from bot import log
from bot.accounts.access import MEANS, Access
from bot.accounts.openid import AGAIN, Attempt, Claims, NotBelieved, Provider, believed, local_path
from bot.accounts.pages import ReaderPages, Sessions, Visit, cookie_of
from bot.accounts.service import Accounts
from bot.db import ActorId, Database
from bot.directory.service import SLACK_ACTOR, Directory
from bot.errors import InvalidInput, NotAllowed, Refusal, Unavailable
from bot.slack.gateway import Failed, Ok, SlackGateway, TryLater
from bot.slack.identity import identity
from bot.slack.manifest import SIGN_IN_RETURN
from bot.web import pages

PURPOSE = "account"
ATTEMPT_LASTS_S = 600
ATTEMPT = "tocsin-signin-"
STALE = frozenset({"invalid_code", "invalid_grant", "invalid_request"})
"""The code was used before, or is too old; anything else is a mistake in our settings, or a bug."""
logger = log.get(__name__)


class SignIn:
    """The doors. `slack` exchanges codes and has no token of its own; `gateway` is the bot's, which may ask about people."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        accounts: Accounts,
        sessions: Sessions,
        gateway: SlackGateway,
        slack: SlackGateway,
        provider: Provider | None,
        client_secret: str,
    ) -> None:
        self._db = database
        self._directory = directory
        self._accounts = accounts
        self._sessions = sessions
        self._gateway = gateway
        self._slack = slack
        self._provider = provider
        self._client_secret = client_secret

    def register(self, app: web.Application, readers: ReaderPages) -> None:
        """Serve `/signin`, the way to Slack and back, and `/account`."""
        app.router.add_get("/signin", self.offer)
        app.router.add_get("/signin/slack", self.leave)
        app.router.add_get(SIGN_IN_RETURN, self.come_back)
        readers.add(PURPOSE, show=self.account, act=self.sign_out)
        readers.add(PURPOSE, show=self.token, tail="token")

    async def offer(self, request: web.Request) -> web.Response:
        """The button. Whoever is signed in goes on at once."""
        following = local_path(request.query.get("next", ""))
        if await self._sessions.of(request) is not None:
            raise web.HTTPSeeOther(following)
        return pages.page("accounts/signin.html", following=following, can_sign_in=self._provider is not None, redirect_uri=SIGN_IN_RETURN)

    async def leave(self, request: web.Request) -> web.Response:
        """To Slack."""
        attempt = Attempt.begin(request.query.get("next", ""))
        provider, team = await self._known()
        response = web.HTTPSeeOther(provider.address(attempt, team))
        response.set_cookie(
            self._cookie(attempt.state),
            attempt.cookie,
            max_age=ATTEMPT_LASTS_S,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=self._sessions.is_https,
        )
        raise response

    async def come_back(self, request: web.Request) -> web.Response:
        """From Slack: whom it vouches for is signed in, in a new session, and goes on to where they wanted."""
        state, code = request.query.get("state", ""), request.query.get("code", "")
        cookie = cookie_of(request, self._cookie(state))
        attempt = Attempt.read(cookie)
        if not cookie or attempt.state != state:
            raise NotBelieved(f"This sign-in was begun in another browser, or more than ten minutes ago. {AGAIN}")
        if refused := request.query.get("error"):
            why = "You cancelled it in Slack" if refused == "access_denied" else f"Slack says {refused[:60]}"
            raise Refusal(f"You are not signed in: {why}. {AGAIN}")
        provider, team = await self._known()
        claims = believed(await self._token(provider, attempt, code), provider, attempt, team)
        async with self._db.begin(actor=ActorId(SLACK_ACTOR + claims.slack_user)) as tx:
            person = await self._accounts.person(tx, claims)
        await self._check_member(person, claims)
        async with self._db.begin(actor=person) as tx:
            if before := cookie_of(request, self._sessions.cookie):
                await self._accounts.end(tx, before)
            key = await self._accounts.begin(tx, person, claims.name, request.headers.get("User-Agent", ""))
        logger.info("signed in", person=person)
        response = web.HTTPSeeOther(attempt.next)
        self._sessions.keep(response, key)
        response.del_cookie(self._cookie(state), path="/", httponly=True, samesite="Lax", secure=self._sessions.is_https)
        raise response

    async def account(self, visit: Visit) -> web.Response:
        """As whom, what that allows, and where else."""
        async with self._db.read() as tx:
            sessions = await self._accounts.sessions(tx, visit.reader.actor)
            others = await self._accounts.signed_in_now(tx) if visit.reader.may(Access.ADMIN) else []
        people = [(one, self._directory.name(one)) for one in others if one != visit.reader.person]
        current = visit.session.row.key_hash if visit.session else ""
        return visit.page("accounts/account.html", sessions=sessions, current=current, people=people, means=MEANS[visit.reader.access])

    async def token(self, visit: Visit) -> web.Response:
        """For a page that was open while its reader signed in anew: what its writes carry from now on. Other sites cannot read it."""
        return web.json_response({"token": visit.reader.csrf}, headers={"Cache-Control": "no-store"})

    async def sign_out(self, visit: Visit) -> web.StreamResponse:
        """Here, or everywhere; or, by an admin, somebody else."""
        if visit.session is None:
            raise InvalidInput("You are not signed in.")
        if other := visit.fields.get("person"):
            async with self._db.begin(actor=visit.reader.must(Access.ADMIN)) as tx:
                await self._accounts.end_all(tx, ActorId(other))
            raise web.HTTPSeeOther(visit.address)
        response = web.HTTPSeeOther("/signin")
        async with self._db.begin(actor=visit.reader.actor) as tx:
            if visit.fields.get("where") == "everywhere":
                await self._accounts.end_all(tx, visit.reader.actor)
            else:
                await self._accounts.end(tx, visit.session.key)
        self._sessions.forget(response)
        raise response

    async def _known(self) -> tuple[Provider, str]:
        """How Slack knows us, and which workspace is ours."""
        if self._provider is None:
            raise Refusal("Signing in is not set up here: an admin sets SLACK_CLIENT_ID and SLACK_CLIENT_SECRET.")
        async with self._db.read() as tx:
            us = await identity(tx)
        if us is None:
            raise Unavailable("Slack has not told Tocsin yet which workspace it belongs to. Try again in a minute.")
        return self._provider, us.team

    async def _token(self, provider: Provider, attempt: Attempt, code: str) -> str:
        """Exchange the code for what Slack says about who brought it."""
        match await self._slack.call(
            "openid.connect.token",
            client_id=provider.client_id,
            client_secret=self._client_secret,
            code=code,
            code_verifier=attempt.verifier,
            redirect_uri=provider.redirect_uri,
            grant_type="authorization_code",
        ):
            case Ok() as ok:
                return ok.text("id_token")
            case TryLater() as later:
                raise Unavailable(f"{later.why} So nobody can sign in just now; the links that you were sent work. Try again in a minute.")
            case Failed(code=said) if said in STALE:
                raise NotBelieved(f"Slack takes this sign-in only once and for a few minutes. {AGAIN}")
            case Failed() as failed:
                raise Unavailable(
                    f"Slack does not let people sign in here: {failed.why} Tell whoever runs Tocsin; the log has the details."
                )

    async def _check_member(self, person: ActorId, claims: Claims) -> None:
        """Whom the directory does not know must be a full member of the workspace: a guest is somebody else's."""
        if not self._accounts.is_let_in(person):
            raise NotAllowed(
                f"{claims.name or 'You'} is not in Tocsin's directory, and only who is may look here. Ask an admin to add you."
            )
        if self._directory.person(person) is not None:
            return
        answer = await self._gateway.call("users.info", user=claims.slack_user)
        if not isinstance(answer, Ok):
            raise Unavailable("Slack did not say whether you are a member of the workspace. Try again in a minute.")
        user: Mapping[str, object] = answer.data.get("user") or {}
        if user.get("deleted") or user.get("is_restricted") or user.get("is_ultra_restricted"):
            raise NotAllowed(
                "You are a guest of this workspace. Its incidents are shown to members; ask an admin to add you to the directory."
            )

    def _cookie(self, state: str) -> str:
        """One cookie for each attempt, so that two tabs can sign in side by side."""
        return f"{'__Host-' if self._sessions.is_https else ''}{ATTEMPT}{''.join(one for one in state[:12] if one.isalnum())}"
