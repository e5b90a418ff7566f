"""A browser without a window: it keeps cookies, follows where it is sent, and somebody signs in with it."""

import re
from typing import Self

from aiohttp import ClientResponse, ClientSession, CookieJar
from yarl import URL

HTML = {"Accept": "text/html"}


class Browser:
    """Somebody's browser. `async with Browser(world.sandbox.url) as kims:`"""

    def __init__(self, url: str) -> None:
        self.url = url
        self.jar = CookieJar(unsafe=True)  # addresses of this machine are numbers
        self._session = ClientSession(cookie_jar=self.jar)
        self.token = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, path: str, *, follow: bool = True) -> tuple[ClientResponse, str]:
        """Open an address; the answer and its text. A page's token is kept for what is sent next."""
        async with self._session.get(URL(self._at(path), encoded=True), headers=HTML, allow_redirects=follow) as answer:
            text = await answer.text()
            found = re.search(r'name="token" value="(\w+)"', text)
            self.token = found[1] if found else self.token
            return answer, text

    async def post(self, path: str, fields: dict[str, str], *, token: str | None = None, origin: str = "") -> tuple[ClientResponse, str]:
        """Send a form, as a page of ours would."""
        headers = HTML | {"Origin": origin or self.url}
        given = {"token": self.token if token is None else token} | fields
        async with self._session.post(self._at(path), data=given, headers=headers) as answer:
            return answer, await answer.text()

    async def to_slack(self, following: str = "/account") -> str:
        """Begin to sign in; the address of Slack's page."""
        answer, _ = await self.get(f"/signin/slack?next={following}", follow=False)
        return answer.headers["Location"]

    async def choose(self, address: str, user: str, *, follow: bool = True) -> tuple[ClientResponse, str]:
        """On Slack's page, be somebody."""
        async with self._session.post(URL(address, encoded=True), data={"user": user}, headers=HTML, allow_redirects=follow) as answer:
            return answer, await answer.text()

    async def sign_in(self, user: str, following: str = "/account") -> tuple[ClientResponse, str]:
        """All of it."""
        return await self.choose(await self.to_slack(following), user)

    @property
    def key(self) -> str:
        """The session's key."""
        return next((cookie.value for cookie in self.jar if cookie.key == "tocsin"), "")

    def _at(self, path: str) -> str:
        return path if path.startswith("http") else self.url + path
