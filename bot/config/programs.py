"""Programs that use the HTTP API."""

import re
from typing import Self

from pydantic import Field, SecretStr, model_validator

from bot.config.values import EnvName, Id, Strict


class Program(Strict):
    """A program at the HTTP API (docs/api.md): it tells of changes and asks for runs. It approves nothing: an approver is a person."""

    id: Id = Field(description="Its name in records: `program:<id>`.")
    key: SecretStr | None = Field(default=None, description="The secret that it shows. Better `key_env`, to keep it out of git.")
    key_env: EnvName | None = Field(default=None, description="Environment variable that holds the key.")
    # None by default: a key that leaks must not be able to more than was thought of.
    runbooks: tuple[Id, ...] = Field(default=(), description="Runbooks that it may ask for and stop. It may look at all of them.")

    @model_validator(mode="after")
    def has_a_key(self) -> Self:
        if self.key is None and self.key_env is None:
            raise ValueError("a program needs a 'key' or a 'key_env'; without one it cannot show who it is.")
        if self.key is not None and not re.fullmatch(r"[\x21-\x7e]{16,200}", self.key.get_secret_value()):
            raise ValueError("the key is 16 to 200 letters, digits and signs without spaces; `openssl rand -hex 32` makes one.")
        return self
