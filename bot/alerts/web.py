"""The address that monitoring posts to."""

import json

from aiohttp import web

from bot.alerts.intake import Intake
from bot.alerts.service import Delivery
from bot.alerts.sources import alertmanager
from bot.directory.service import Directory
from bot.errors import InvalidInput, NotAllowed

WRONG_KEY = "This key is not known. Take the address from your configuration: /hooks/alertmanager/<key>."


class AlertRoutes:
    """`POST /hooks/alertmanager/<key>`."""

    def __init__(self, directory: Directory, intake: Intake) -> None:
        self._directory = directory
        self._intake = intake

    def routes(self) -> list[web.RouteDef]:
        """To be added to the front door."""
        return [web.post("/hooks/alertmanager/{key}", self.alertmanager)]

    async def alertmanager(self, request: web.Request) -> web.Response:
        """Store an Alertmanager webhook, version 4, and answer 202 once it is safe. Malformed: 400. Wrong key: 403."""
        source = self._directory.config.alert_source("alertmanager", request.match_info["key"])
        if source is None:
            raise NotAllowed(WRONG_KEY)
        try:
            body = json.loads(await request.read())
        except (ValueError, RecursionError):
            raise InvalidInput("The body is not JSON, or was cut off. Nothing of it was stored; send it again whole.") from None
        webhook = alertmanager(body, source.service_label, self._directory.config.severity.label)
        taken = await self._intake.take(Delivery(source, webhook))
        return web.json_response(
            {
                "incident": taken.incident_id,
                "alerts": len(webhook.signals),
                "new": taken.new,
                "resolved": taken.resolved,
                "repeated": taken.repeated,
                "truncated": webhook.truncated,
            },
            status=202,
        )
