"""The JSON Schema of a configuration file, for editors: completion and red lines before `tocsin check` has its say."""

from bot.config.models import NAMED, Config

ENTRY_MODELS = (
    "Person",
    "Team",
    "Service",
    "Rotation",
    "Schedule",
    "EscalationPolicy",
    "AlertSource",
    "Runbook",
    "Environment",
    "Remediation",
)
LEVEL = "Level"

Schema = dict[str, object]


def json_schema() -> Schema:
    """The schema of one file; every section may be in any file, so none is required."""
    schema: Schema = Config.model_json_schema(mode="validation")
    definitions = child(schema, "$defs")
    for name in ENTRY_MODELS:  # an entry's id is the key it stands under
        entry = child(definitions, name)
        child(entry, "properties").pop("id")
        leave_out(entry, "id")
    child(definitions, LEVEL).pop("required", None)  # a level keeps the defaults of what it does not say
    for name in ("Target", "TurnLength"):  # written as text
        definitions[name] = {"type": "string", "description": child(definitions, name).get("description", "")}
    for section in NAMED:
        said = child(child(schema, "properties"), section)
        said["propertyNames"] = {"pattern": "^[a-z0-9][a-z0-9._-]{0,62}$"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Tocsin configuration", **schema}


def child(schema: Schema, key: str) -> Schema:
    """The object under a key."""
    found = schema[key]
    assert isinstance(found, dict)
    return found


def leave_out(entry: Schema, name: str) -> None:
    required = entry.get("required")
    if isinstance(required, list):
        entry["required"] = [other for other in required if other != name]
