"""Every number and address that pages come from, as a contact card: saved on a phone, it can be let through Do Not Disturb."""

from collections.abc import Sequence
from datetime import timedelta

from aiohttp import web

from bot.db import ActorId
from bot.web.forms import SignedPages
from bot.web.signing import Grant, Links

PURPOSE = "v"
LASTS = timedelta(days=30)


class OurNumbers:
    """The card. `phones` are our senders, the failover's too, as E.164; `mail` the address that pages come from."""

    def __init__(self, links: Links, phones: Sequence[str], mail: str) -> None:
        self._links = links
        self._phones = tuple(dict.fromkeys(phones))
        self._mail = mail

    def link(self, person: str) -> str:
        """Where the card is; "" where nobody is called."""
        return self._links.link(PURPOSE, "tocsin.vcf", person=ActorId(person), lasts=LASTS) if self._phones else ""

    def vcard(self) -> str:
        """The card, as version 3.0, which every phone reads."""
        numbers = [f"TEL;TYPE=WORK,VOICE:{phone}" for phone in self._phones]
        mail = [f"EMAIL;TYPE=INTERNET:{self._mail}"] if self._mail else []
        lines = ["BEGIN:VCARD", "VERSION:3.0", "N:;Tocsin;;;", "FN:Tocsin", "ORG:Tocsin", *numbers, *mail, "END:VCARD"]
        return "\r\n".join(lines) + "\r\n"

    def register(self, signed: SignedPages) -> None:
        """Serve it at `/v/tocsin.vcf?k=…`."""
        signed.add(PURPOSE, "name", show=self.show)

    async def show(self, grant: Grant) -> web.Response:
        """The card, to be saved."""
        headers = {"Content-Disposition": 'attachment; filename="tocsin.vcf"', "Cache-Control": "no-store"}
        return web.Response(text=self.vcard(), content_type="text/vcard", charset="utf-8", headers=headers)
