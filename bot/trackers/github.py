"""GitHub's REST API, as far as issues need it."""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from yarl import URL

from bot.trackers.answers import OF_AN_ISSUE, Ending, Failure, failure
from bot.trackers.tracker import Draft, Issue, Page

TIMEOUT_S = 10.0
PAGE = 100
MOST_PAGES = 20
"""Of a search for one issue: two thousand that changed within minutes are more than any repository has."""
MOVES = 3
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(hours=1)
SECONDARY = timedelta(minutes=1)
"""What GitHub asks for where it says that there were too many requests, and not until when."""
Json = dict[str, Any]


class GitHub:
    """One account, by its token."""

    name = "GitHub"

    def __init__(self, api_url: str, token: str) -> None:
        self._root = api_url.rstrip("/")
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "tocsin",
        }
        self._session: aiohttp.ClientSession | None = None

    async def find(self, place: str, mark: str, since: datetime) -> Issue | Failure | None:
        """The issue whose body carries the mark, of those that changed since. Listed rather than searched: the search lags behind."""
        for page in range(1, MOST_PAGES + 1):
            found = await self._list(place, since, page, "desc")
            if isinstance(found, Failure):
                return found
            for row in found:
                if mark in str(row.get("body") or ""):
                    return issue_of(row)
            if len(found) < PAGE:
                return None
        return None

    async def create(self, place: str, draft: Draft) -> Issue | Failure:
        """Make an issue. Whom GitHub does not let be assigned it leaves out, and says nothing; whom it does not know, we leave out."""
        body: Json = {"title": draft.title, "body": f"{draft.body}\n\n<!-- {draft.mark} -->", "labels": list(draft.labels)}
        if draft.assignee:
            body["assignees"] = [draft.assignee]
        made = await self._call("POST", f"/repos/{place}/issues", place, body)
        if unknown(made):
            made = await self._call("POST", f"/repos/{place}/issues", place, body | {"assignees": []})
        return self._issue(made)

    async def read(self, place: str, number: int) -> Issue | Failure:
        """The issue, wherever it is now."""
        return self._issue(await self._of_issue("GET", place, number))

    async def write(self, place: str, number: int, changes: Mapping[str, object]) -> Issue | Failure:
        """Change some of `title`, `body`, `is_done`, `assignees` and `labels`."""
        body: Json = {name: value for name, value in changes.items() if name in ("title", "body", "assignees", "labels")}
        if "is_done" in changes:
            body |= (
                {"state": "closed", "state_reason": "completed"} if changes["is_done"] else {"state": "open", "state_reason": "reopened"}
            )
        changed = await self._of_issue("PATCH", place, number, body)
        if unknown(changed):
            changed = await self._of_issue("PATCH", place, number, body | {"assignees": []})
        return self._issue(changed)

    async def say(self, place: str, number: int, text: str, mark: str) -> Failure | None:
        """Comment on an issue, once for each mark."""
        path = f"/repos/{place}/issues/{number}/comments"
        known = await self._call("GET", path, place, query={"per_page": str(PAGE)})
        if isinstance(known, Failure):
            return known
        if isinstance(known, list) and any(mark in str(one.get("body") or "") for one in known):
            return None
        said = await self._call("POST", path, place, {"body": f"{text}\n\n<!-- {mark} -->"})
        return said if isinstance(said, Failure) else None

    async def changed(self, place: str, since: datetime, page: int) -> Page | Failure:
        """A page of the issues that changed since. GitHub lists pull requests among them."""
        found = await self._list(place, since, page, "asc")
        if isinstance(found, Failure):
            return found
        return Page([issue_of(row) for row in found if "pull_request" not in row], is_last=len(found) < PAGE)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _list(self, place: str, since: datetime, page: int, direction: str) -> list[Json] | Failure:
        query = {
            "state": "all", "sort": "updated", "direction": direction, "since": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "per_page": str(PAGE), "page": str(page),
        }  # fmt: skip
        found = await self._call("GET", f"/repos/{place}/issues", place, query=query)
        return found if isinstance(found, list | Failure) else []

    async def _of_issue(self, method: str, place: str, number: int, body: Json | None = None) -> Json | list[Json] | Failure:
        """Ask about an issue. One that is not there is gone only where its repository is there."""
        answer = await self._call(method, f"/repos/{place}/issues/{number}", place, body)
        if not isinstance(answer, Failure) or answer.status not in OF_AN_ISSUE:
            return answer
        repository = await self._call("GET", f"/repos/{place}", place)
        return repository if isinstance(repository, Failure) else failure(answer.status, place, of_issue=True)

    @staticmethod
    def _issue(answer: Json | list[Json] | Failure) -> Issue | Failure:
        if isinstance(answer, Failure):
            return answer
        return (
            issue_of(answer)
            if isinstance(answer, dict) and "number" in answer
            else Failure(Ending.LATER, "GitHub answered without an issue.")
        )

    async def _call(
        self, method: str, path: str, place: str, body: Json | None = None, query: Mapping[str, str] | None = None
    ) -> Json | list[Json] | Failure:
        address = URL(f"{self._root}{path}")
        for _ in range(MOVES + 1):
            answer = await self._once(method, address, place, body, query)
            if not isinstance(answer, URL):
                return answer
            if answer.host != address.host:  # our token is for this host alone
                return Failure(Ending.BLOCKED, f"GitHub sends us from {place} to another host, {answer.host}.")
            address, query = answer, None
        return Failure(Ending.LATER, f"GitHub sends us from one place to the next for {place}.")

    async def _once(
        self, method: str, address: URL, place: str, body: Json | None, query: Mapping[str, str] | None
    ) -> Json | list[Json] | Failure | URL:
        try:
            async with self._sessions().request(method, address, json=body, params=query, allow_redirects=False) as answer:
                said = await _json(answer)
                if answer.status in (301, 307, 308) and "Location" in answer.headers:
                    return address.join(URL(answer.headers["Location"]))
                if answer.status < 300:
                    return said
                return failed(answer.status, answer.headers, said, place)
        except aiohttp.ClientConnectorError:
            return Failure(Ending.LATER, "GitHub cannot be reached.")
        except (aiohttp.ClientError, TimeoutError, OSError) as broken:
            return Failure(Ending.LATER, f"GitHub did not answer ({type(broken).__name__}).")

    def _sessions(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(headers=self._headers, timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), trust_env=True)
        return self._session


def unknown(answer: Json | list[Json] | Failure) -> bool:
    """Whether the only trouble is a name that GitHub does not know."""
    return isinstance(answer, Failure) and answer.fields == {"assignees"}


def failed(status: int, headers: Mapping[str, str], said: object, place: str) -> Failure:
    """What an answer that is no yes means, and when to come back."""
    words = str(said.get("message") or "") if isinstance(said, dict) else ""
    is_limited = status in (403, 429) and (
        status == 429 or "retry-after" in lower(headers) or headers.get("X-RateLimit-Remaining") == "0" or "rate limit" in words.lower()
    )
    why = words + "".join(f" ({error.get('message') or error.get('code')})" for error in errors_in(said))
    found = failure(status, place, why, after=wait(headers) if is_limited else None, is_limited=is_limited)
    return replace(found, fields=frozenset(str(error["field"]) for error in errors_in(said) if "field" in error))


def lower(headers: Mapping[str, str]) -> set[str]:
    return {name.lower() for name in headers}


def errors_in(said: object) -> list[Json]:
    errors = said.get("errors") if isinstance(said, dict) else None
    return [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []


def wait(headers: Mapping[str, str]) -> timedelta:
    """How long GitHub asks us to wait, by its own clock."""
    if headers.get("Retry-After", "").isdecimal():
        asked = timedelta(seconds=int(headers["Retry-After"]))
    elif headers.get("X-RateLimit-Reset", "").isdecimal() and "Date" in headers and headers.get("X-RateLimit-Remaining") == "0":
        asked = timedelta(seconds=int(headers["X-RateLimit-Reset"]) - parsedate_to_datetime(headers["Date"]).timestamp())
    else:
        asked = SECONDARY
    return min(max(asked, SHORTEST_WAIT), LONGEST_WAIT)


def issue_of(row: Json) -> Issue:
    """An issue, from GitHub's JSON."""
    is_done = row.get("state") == "closed"
    reason = str(row.get("state_reason") or "")
    issue = Issue(
        place="/".join(str(row.get("repository_url", "")).rsplit("/", 2)[-2:]),
        number=int(row["number"]),
        outside_id=str(row.get("id", "")),
        url=str(row.get("html_url", "")),
        title=str(row.get("title") or ""),
        is_done=is_done,
        assignees=tuple(str(one.get("login", "")).lower() for one in row.get("assignees") or () if isinstance(one, dict)),
        labels=tuple(str(one.get("name", "")) if isinstance(one, dict) else str(one) for one in row.get("labels") or ()),
        changed_at=datetime.fromisoformat(str(row["updated_at"]).replace("Z", "+00:00")),
    )
    by = row.get("closed_by")
    remark = "not planned" if is_done and reason == "not_planned" else "a duplicate" if is_done and reason == "duplicate" else ""
    return replace(issue, closed_by=str(by.get("login", "")) if isinstance(by, dict) and is_done else "", remark=remark)


async def _json(answer: aiohttp.ClientResponse) -> Json | list[Json]:
    with contextlib.suppress(ValueError, UnicodeDecodeError):
        found = json.loads(await answer.text() or "{}")
        if isinstance(found, dict | list):
            return found
    return {}
