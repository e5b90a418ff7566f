"""Incidents: declared by a person or an alert, worked on in a channel, resolved, and remembered.

Nouns: incident, severity, role (commander …), milestone, timeline entry, channel message, action item.
States: triage → investigating ↔ mitigating ↔ monitoring → resolved → closed, plus cancelled and merged (`lifecycle.py`).

Says upward: `IncidentDeclared`, `ChannelOpened`, `SeverityChanged`, `StateChanged`, `IncidentResolved`, `IncidentReopened`,
`IncidentCancelled`, `IncidentMerged`, `CommanderChanged`, `ActionItemsChanged`.
Offers upper rooms a registry of verbs and card sections.
"""
