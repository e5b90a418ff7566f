"""GitHub in the sandbox as people use it: a page on which issues are closed, renamed, assigned, moved and deleted, and doors for it."""

from html import escape

from aiohttp import web

from bot.errors import InvalidInput, NotFound
from bot.sandbox.doors import answering, fields_of
from bot.sandbox.github import GitHub, Issue, Repository, named, stamp

ACTIONS = ("close", "reopen", "not planned", "rename", "assign", "label", "comment", "transfer", "delete")
STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "table{width:100%;border-collapse:collapse}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8884}"
    "form{display:inline-block;margin:.2rem .4rem .2rem 0}pre{white-space:pre-wrap;background:#8882;padding:.6rem}"
    "small{opacity:.75}input,button,select{font:inherit}"
)


class GitHubPage:
    """What people do on GitHub."""

    def __init__(self, github: GitHub) -> None:
        self.github = github

    def routes(self) -> list[web.RouteDef]:
        one = "/sandbox/github/{owner}/{name}/issues/{number:\\d+}"
        return [
            web.get("/sandbox/github", self.show_all),
            web.get(one, self.show),
            web.post(one, answering(self.press)),
            web.get("/control/github", answering(self.list_all)),
            web.post("/control/github/{owner}/{name}/{number}", answering(self.act)),
            web.post("/control/github/redeliver", answering(self.redeliver)),
        ]

    async def list_all(self, request: web.Request) -> web.Response:
        """Every issue, with its repository, its comments and who closed it."""
        shown = [
            self.github.shape(repository, issue, alone=True) | {"repository": repository.name, "said": [one.body for one in issue.comments]}
            for repository in self.github.repositories.values()
            for issue in repository.issues.values()
        ]
        return web.json_response(shown)

    async def act(self, request: web.Request) -> web.Response:
        """Body {user, action, value?}: do something with an issue, as somebody on GitHub. Answers when the webhook was answered."""
        fields = await fields_of(request)
        self.do(request, fields.text("user"), fields.choice("action", ACTIONS), fields.text("value", ""))
        await self.github.settled()
        return web.json_response({"ok": True})

    async def redeliver(self, request: web.Request) -> web.Response:
        """Body {back?}: deliver a webhook once more, the newest or so many before it; answers with the status that it got."""
        back = int((await fields_of(request)).number("back", 0))
        if back >= len(self.github.deliveries):
            raise NotFound("GitHub has sent no such webhook.")
        return web.json_response({"ok": True, "status": await self.github.redeliver(self.github.deliveries[-1 - back])})

    async def press(self, request: web.Request) -> web.Response:
        """The same from the page's forms, which then show it again."""
        said = {name: str(value) for name, value in (await request.post()).items()}
        action = said.get("action", "")
        if action not in ACTIONS:
            raise InvalidInput(f"action is one of {', '.join(ACTIONS)}.")
        where = self.do(request, said.get("user", "ana"), action, said.get("value", ""))
        await self.github.settled()
        raise web.HTTPSeeOther(where)

    def do(self, request: web.Request, user: str, action: str, value: str) -> str:
        """Do it; returns the address at which to look at it. Raises `NotFound`, `InvalidInput`."""
        repository, issue = self._named(request)
        match action:
            case "close" | "not planned":
                self.github.change(
                    repository, issue, user, state="closed", state_reason="completed" if action == "close" else "not_planned"
                )
            case "reopen":
                self.github.change(repository, issue, user, state="open")
            case "rename":
                self.github.change(repository, issue, user, title=value or issue.title)
            case "assign":
                self.github.change(repository, issue, user, assignees=named(value.replace(",", " ").split()))
            case "label":
                self.github.change(repository, issue, user, labels=[*issue.labels, value])
            case "comment":
                self.github.comment(repository, issue, user, value)
            case "transfer":
                to = self.github.repository(value)
                if to is None:
                    raise InvalidInput(f"There is no repository {value!r}. There are {', '.join(self.github.repositories)}.")
                return page_of(to, self.github.transfer(repository, issue, to, user))
            case _:
                self.github.delete(repository, issue, user)
                return "/sandbox/github"
        return page_of(repository, issue)

    def _named(self, request: web.Request) -> tuple[Repository, Issue]:
        name, number = f"{request.match_info['owner']}/{request.match_info['name']}", request.match_info["number"]
        repository = self.github.repository(name)
        issue = repository.issues.get(int(number)) if repository and number.isdecimal() else None
        if repository is None or issue is None:
            raise NotFound(f"There is no issue {name}#{number}.")
        return repository, issue

    async def show_all(self, request: web.Request) -> web.Response:
        rows = [
            row(f"<a href='{page_of(repository, issue)}'>{escape(repository.name)}#{issue.number}</a>", *map(escape, words_of(issue)))
            for repository in self.github.repositories.values()
            for issue in sorted(repository.issues.values(), key=lambda one: -one.number)
        ]
        table = "<table><tr><th>Issue<th>Title<th>State<th>Assignees<th>Labels</tr>" + "".join(rows) + "</table>"
        none = "<p>There is no issue yet. An action item of an incident in Checkout becomes one.</p>"
        return html("Issues", table if rows else none)

    async def show(self, request: web.Request) -> web.Response:
        try:
            repository, issue = self._named(request)
        except NotFound as nothing:
            return html("Nothing here", f"<p>{escape(str(nothing))}</p>", status=404)
        by = f", closed by {escape(issue.closed_by)} ({escape(issue.state_reason or '')})" if issue.closed_by else ""
        _, state, assignees, labels = words_of(issue)
        facts = f"{escape(state)}{by} · {escape(assignees or 'nobody assigned')} · {escape(labels or 'no labels')}"
        said = "".join(
            f"<p><b>{escape(one.user)}</b> <small>{stamp(one.at)}</small></p><pre>{escape(one.body)}</pre>" for one in issue.comments
        )
        switch = [("close", "Close"), ("not planned", "Close as not planned")] if issue.state == "open" else [("reopen", "Reopen")]
        forms = "".join(form(action, label) for action, label in [*switch, ("delete", "Delete")])
        forms += "".join(form(action, action.capitalize(), True) for action in ("rename", "assign", "comment", "transfer"))
        head = f"<p><a href='/sandbox/github'>All issues</a> · {escape(repository.name)}#{issue.number}</p><p>{facts}</p>"
        return html(issue.title, f"{head}<pre>{escape(issue.body)}</pre>{said}<div>{forms}</div>")


def words_of(issue: Issue) -> tuple[str, str, str, str]:
    return issue.title, issue.state, ", ".join(issue.assignees), ", ".join(issue.labels)


def row(*cells: str) -> str:
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def form(action: str, label: str, has_value: bool = False) -> str:
    """A button, with a field where it needs a word."""
    field = f"<input name='value' placeholder='{escape(label)} …' required>" if has_value else ""
    return f"<form method='post'><input type='hidden' name='action' value='{escape(action)}'>{field}<button>{escape(label)}</button></form>"


def page_of(repository: Repository, issue: Issue) -> str:
    return f"/sandbox/github/{repository.name}/issues/{issue.number}"


def html(title: str, body: str, status: int = 200) -> web.Response:
    text = f"<!doctype html><meta charset='utf-8'><title>{escape(title)}</title><style>{STYLE}</style><h1>{escape(title)}</h1>{body}"
    return web.Response(text=text, content_type="text/html", status=status)
