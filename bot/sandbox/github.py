"""GitHub as far as issues go: its REST API over real HTTP, and the webhooks that it signs."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from bot.clock import Clock
from bot.sandbox.calls import Traffic
from bot.sandbox.faults import Fault, FaultBoard, cut
from bot.sandbox.keys import GITHUB_SECRET, GITHUB_TOKEN

APP = "tocsin-sandbox"
"""Whose the token is."""
LONGEST_TITLE = 256
ANSWER_WITHIN_S = 10.0  # GitHub's own limit for webhooks; it does not deliver again by itself
HOURLY = 5000
Json = dict[str, object]


@dataclass
class Comment:
    user: str
    body: str
    at: datetime


@dataclass
class Issue:
    """An issue. `number` is its repository's, `id` like no other."""

    id: int
    number: int
    title: str
    body: str
    user: str
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    assignees: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)


@dataclass
class Repository:
    """A repository: whom its issues may be assigned to, and what became of issues that left it (where they are now; None: deleted)."""

    name: str
    id: int
    pushers: list[str]
    issues: dict[int, Issue] = field(default_factory=dict)
    gone: dict[int, tuple[str, int] | None] = field(default_factory=dict)
    has_issues: bool = True
    is_visible: bool = True
    """Whether the token sees it."""
    last: int = 0


@dataclass
class Delivery:
    """A webhook as it was sent, so that it can be sent again."""

    id: str
    event: str
    body: bytes


class Refusal(Exception):
    """An answer that is no yes."""

    def __init__(self, status: int, message: str, errors: list[Json] | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.response = web.json_response(
            {"message": message, "documentation_url": "https://docs.github.com/rest", **({"errors": errors} if errors else {})},
            status=status,
            headers=headers,
        )


class GitHub:
    """Repositories by name, in any case, and everybody who has an account: whoever is no pusher exists all the same."""

    def __init__(self, repositories: list[Repository], people: list[str], faults: FaultBoard, clock: Clock, traffic: Traffic) -> None:
        self.repositories = {one.name.lower(): one for one in repositories}
        self.people, self.faults, self.clock, self.traffic = people, faults, clock, traffic
        self.address = ""
        self.on_change: Callable[[], None] = lambda: None
        self.sends_webhooks = True
        self.deliveries: list[Delivery] = []
        self._underway: set[asyncio.Task[None]] = set()
        self.token = GITHUB_TOKEN

    def routes(self) -> list[web.RouteDef]:
        issue = "/github/repos/{owner}/{name}/issues/{number:\\d+}"
        doors: list[tuple[str, str, Callable[[web.Request], Awaitable[web.Response]]]] = [
            ("GET", "/github/repos/{owner}/{name}", self.get_repository),
            ("GET", "/github/repos/{owner}/{name}/issues", self.list_issues),
            ("POST", "/github/repos/{owner}/{name}/issues", self.create_issue),
            ("GET", issue, self.get_issue),
            ("PATCH", issue, self.update_issue),
            ("GET", f"{issue}/comments", self.list_comments),
            ("POST", f"{issue}/comments", self.create_comment),
        ]
        return [web.route(method, path, self._answering(handler)) for method, path, handler in doors]

    # The REST API

    async def get_repository(self, request: web.Request) -> web.Response:
        found = self._repository(request)
        owner, _, name = found.name.partition("/")
        return web.json_response(
            {"id": found.id, "name": name, "full_name": found.name, "owner": account(owner), "has_issues": found.has_issues}
        )

    async def list_issues(self, request: web.Request) -> web.Response:
        """Filtered by state and `since`, sorted, by page; the header Link leads to the next one."""
        repository, query = self._with_issues(request), request.query
        since = datetime.fromisoformat(query["since"].replace("Z", "+00:00")) if "since" in query else None
        wanted = query.get("state", "open")
        found = [one for one in repository.issues.values() if wanted in ("all", one.state) and (since is None or one.updated_at >= since)]
        by_update = query.get("sort", "created") == "updated"
        found.sort(
            key=lambda one: (one.updated_at if by_update else one.created_at, one.number), reverse=query.get("direction", "desc") == "desc"
        )
        size, page = min(int(query.get("per_page", "30")), 100), int(query.get("page", "1"))
        shown = found[size * (page - 1) : size * page]
        headers = {"Link": f'<{request.url.update_query(page=page + 1)}>; rel="next"'} if len(found) > size * page else {}
        return web.json_response([self.shape(repository, one) for one in shown], headers=headers)

    async def create_issue(self, request: web.Request) -> web.Response:
        repository, said = self._with_issues(request), await json_of(request)
        issue = self.open(repository, titled(said), str(said.get("body") or ""), APP)
        issue.assignees = self._assignable(repository, said.get("assignees"))
        issue.labels = named(said.get("labels"))
        self._tell("opened", repository, issue, APP)
        return web.json_response(self.shape(repository, issue), status=201)

    async def get_issue(self, request: web.Request) -> web.Response:
        repository, issue = self._issue(request)
        return web.json_response(self.shape(repository, issue, alone=True))

    async def update_issue(self, request: web.Request) -> web.Response:
        repository, issue = self._issue(request)
        said = await json_of(request)
        changes: dict[str, object] = {name: said[name] for name in ("state", "state_reason", "labels") if name in said}
        changes |= {"title": titled(said)} if "title" in said else {}
        issue.body = str(said["body"] or "") if "body" in said else issue.body
        changes |= {"assignees": self._assignable(repository, said["assignees"])} if "assignees" in said else {}
        self.change(repository, issue, APP, **changes)
        return web.json_response(self.shape(repository, issue, alone=True))

    async def list_comments(self, request: web.Request) -> web.Response:
        _, issue = self._issue(request)
        return web.json_response([comment_shape(number, one) for number, one in enumerate(issue.comments, 1)])

    async def create_comment(self, request: web.Request) -> web.Response:
        repository, issue = self._issue(request)
        self.comment(repository, issue, APP, str((await json_of(request)).get("body") or ""))
        return web.json_response(comment_shape(len(issue.comments), issue.comments[-1]), status=201)

    # What happens to issues

    def open(self, repository: Repository, title: str, body: str, user: str) -> Issue:
        repository.last += 1
        now = self._now()
        issue = Issue(repository.id * 100_000 + repository.last, repository.last, title, body, user, now, now)
        repository.issues[issue.number] = issue
        self.on_change()
        return issue

    def change(self, repository: Repository, issue: Issue, user: str, **changes: object) -> None:
        """Change state, title, assignees or labels; what is so already tells nobody."""
        issue.updated_at = self._now()
        if (state := changes.get("state")) in ("open", "closed") and state != issue.state:
            issue.state = str(state)
            is_closed = state == "closed"
            issue.state_reason = str(changes.get("state_reason") or "completed") if is_closed else "reopened"
            issue.closed_at, issue.closed_by = (self._now(), user) if is_closed else (None, None)
            self._tell("closed" if is_closed else "reopened", repository, issue, user)
        if "title" in changes and changes["title"] != issue.title:
            before, issue.title = issue.title, str(changes["title"])
            self._tell("edited", repository, issue, user, changes={"title": {"from": before}})
        if "assignees" in changes and sorted(named(changes["assignees"])) != sorted(issue.assignees):
            issue.assignees = named(changes["assignees"])
            self._tell("assigned" if issue.assignees else "unassigned", repository, issue, user)
        if "labels" in changes and named(changes["labels"]) != issue.labels:
            issue.labels = named(changes["labels"])
            self._tell("labeled", repository, issue, user)
        self.on_change()

    def comment(self, repository: Repository, issue: Issue, user: str, body: str) -> None:
        issue.comments.append(Comment(user, body, self._now()))
        issue.updated_at = self._now()
        self.on_change()

    def delete(self, repository: Repository, issue: Issue, user: str) -> None:
        """Gone, and so it is said to whoever asks."""
        del repository.issues[issue.number]
        repository.gone[issue.number] = None
        self._tell("deleted", repository, issue, user)
        self.on_change()

    def transfer(self, repository: Repository, issue: Issue, to: Repository, user: str) -> Issue:
        """The same words under another number in another repository; the old address leads there."""
        moved = self.open(to, issue.title, issue.body, issue.user)
        moved.state, moved.assignees, moved.labels, moved.comments = issue.state, issue.assignees, issue.labels, issue.comments
        del repository.issues[issue.number]
        repository.gone[issue.number] = (to.name, moved.number)
        self._tell(
            "transferred", repository, issue, user, changes={"new_issue": self.shape(to, moved), "new_repository": {"full_name": to.name}}
        )
        return moved

    # Webhooks

    async def settled(self) -> None:
        """Wait until the webhooks that are under way have been answered."""
        while self._underway:
            await asyncio.gather(*self._underway, return_exceptions=True)

    async def redeliver(self, delivery: Delivery) -> int:
        """Send a webhook once more, as the button of that name does; the status it was answered with, 0 for none."""
        return await self._deliver(delivery)

    def _tell(self, action: str, repository: Repository, issue: Issue, user: str, **more: object) -> None:
        body = {
            "action": action, "issue": self.shape(repository, issue), "repository": {"id": repository.id, "full_name": repository.name},
            "sender": account(user), **more,
        }  # fmt: skip
        delivery = Delivery(str(uuid.uuid4()), "issues", json.dumps(body).encode())
        self.deliveries.append(delivery)
        if self.sends_webhooks and self.address:
            task = asyncio.create_task(self._send(delivery))
            self._underway.add(task)
            task.add_done_callback(self._underway.discard)

    async def _send(self, delivery: Delivery) -> None:
        await self._deliver(delivery)

    async def _deliver(self, delivery: Delivery) -> int:
        signature = "sha256=" + hmac.new(GITHUB_SECRET.encode(), delivery.body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/sandbox", "X-GitHub-Event": delivery.event,
            "X-GitHub-Delivery": delivery.id, "X-Hub-Signature-256": signature,
        }  # fmt: skip
        passage = self.traffic.begin("github", "webhook", "GitHub", delivery=delivery.id, body=delivery.body.decode())
        try:
            async with (
                ClientSession(timeout=ClientTimeout(total=ANSWER_WITHIN_S)) as client,
                client.post(f"{self.address}/hooks/github", data=delivery.body, headers=headers) as answer,
            ):
                passage.finish(None if answer.status < 300 else f"answered {answer.status}", answer=await answer.text())
                return answer.status
        except (ClientError, TimeoutError) as failed:
            passage.finish(f"no answer ({type(failed).__name__})")
            return 0

    # Shapes and answers

    def shape(self, repository: Repository, issue: Issue, *, alone: bool = False) -> Json:
        """An issue as the API shows it; who closed it stands only in a single one."""
        api = f"{self.address}/github/repos/{repository.name}"
        shown: Json = {
            "id": issue.id, "node_id": f"I_{issue.id}", "number": issue.number,
            "url": f"{api}/issues/{issue.number}", "repository_url": api,
            "html_url": f"{self.address}/sandbox/github/{repository.name}/issues/{issue.number}",
            "title": issue.title, "body": issue.body, "user": account(issue.user), "state": issue.state, "state_reason": issue.state_reason,
            "assignee": account(issue.assignees[0]) if issue.assignees else None, "assignees": [account(one) for one in issue.assignees],
            "labels": [{"name": name} for name in issue.labels], "comments": len(issue.comments), "locked": False, "milestone": None,
            "created_at": stamp(issue.created_at), "updated_at": stamp(issue.updated_at),
            "closed_at": stamp(issue.closed_at) if issue.closed_at else None,
        }  # fmt: skip
        return shown | ({"closed_by": account(issue.closed_by) if issue.closed_by else None} if alone else {})

    def repository(self, name: str) -> Repository | None:
        return self.repositories.get(name.lower())

    def _repository(self, request: web.Request) -> Repository:
        found = self.repository(f"{request.match_info['owner']}/{request.match_info['name']}")
        if found is None or not found.is_visible:
            raise Refusal(404, "Not Found")
        return found

    def _with_issues(self, request: web.Request) -> Repository:
        found = self._repository(request)
        if not found.has_issues:
            raise Refusal(410, "Issues has been disabled in this repository.")
        return found

    def _issue(self, request: web.Request) -> tuple[Repository, Issue]:
        repository, number = self._with_issues(request), int(request.match_info["number"])
        if number in repository.issues:
            return repository, repository.issues[number]
        moved = repository.gone.get(number, ())
        if moved is None:
            raise Refusal(410, "This issue was deleted")
        to = self.repository(moved[0]) if moved else None
        if not moved or to is None or not to.is_visible:
            raise Refusal(404, "Not Found")
        raise Refusal(301, "Moved Permanently", headers={"Location": f"{self.address}/github/repos/{to.name}/issues/{moved[1]}"})

    def _assignable(self, repository: Repository, logins: object) -> list[str]:
        """Those of the names who may be assigned; others are left out without a word, and names that nobody has are refused."""
        found = named(logins)
        if strangers := [one for one in found if one not in self.people]:
            raise Refusal(422, "Validation Failed", [{"resource": "Issue", "field": "assignees", "code": "invalid", "value": strangers[0]}])
        return [one for one in found if one in repository.pushers]

    def _now(self) -> datetime:
        return self.clock.now().astimezone(UTC).replace(microsecond=0)

    def _answering(self, handler: Callable[[web.Request], Awaitable[web.Response]]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            passage = self.traffic.begin(
                "github", f"{request.method} {request.path.removeprefix('/github')}", APP, body=await request.text()
            )
            fault = await self.faults.meet(request, "github", request.method)
            if fault is not None and fault.reset == "before":
                return cut(request)
            try:
                if fault is not None and (status := fault.http_status) is not None:
                    raise refused(fault, status)
                if request.headers.get("Authorization") != f"Bearer {self.token}":
                    raise Refusal(401, "Bad credentials")
                response = await handler(request)
            except Refusal as refusal:
                response = refusal.response
            response.headers.setdefault("X-RateLimit-Limit", str(HOURLY))
            response.headers.setdefault("X-RateLimit-Remaining", str(HOURLY - 1))
            passage.finish(None if response.status < 400 else f"{response.status}", answer=response.text)
            return cut(request) if fault is not None and fault.reset == "after" else response

        return answer


def refused(fault: Fault, status: int) -> Refusal:
    """The answer of a fault; with the error "rate limit" it is the primary limit, which says when it ends and not how long to wait."""
    if fault.error == "rate limit":
        headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + (fault.retry_after_s or 60))}
        return Refusal(status, "API rate limit exceeded for user ID 1.", headers=headers)
    return Refusal(status, fault.error or "The sandbox was told to fail here.", headers=fault.headers)


def account(login: str) -> Json:
    return {"login": login, "type": "Bot" if login == APP else "User"}


def comment_shape(number: int, comment: Comment) -> Json:
    return {"id": number, "body": comment.body, "user": account(comment.user), "created_at": stamp(comment.at)}


def stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def titled(said: Mapping[str, object]) -> str:
    """The title that was sent. Raises `Refusal`."""
    title = said.get("title")
    if not isinstance(title, str) or not title.strip():
        raise Refusal(422, "Validation Failed", [{"resource": "Issue", "field": "title", "code": "missing_field"}])
    if len(title) > LONGEST_TITLE:
        too_long: Json = {
            "resource": "Issue",
            "field": "title",
            "code": "custom",
            "message": f"title is too long (maximum is {LONGEST_TITLE} characters)",
        }
        raise Refusal(422, "Validation Failed", [too_long])
    return title


def named(values: object) -> list[str]:
    return [str(one) for one in values] if isinstance(values, list) else []


async def json_of(request: web.Request) -> Json:
    try:
        said = json.loads(await request.text() or "{}")
    except ValueError:
        raise Refusal(400, "Problems parsing JSON") from None
    return said if isinstance(said, dict) else {}
