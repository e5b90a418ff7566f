"""Where published postmortems go besides their page."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from bot.config.values import EnvName, Line, Strict

NAMES = ("year", "month", "number", "slug", "service", "severity")
_USED = re.compile(r"\{([^{}]*)\}")
_EMAIL = re.compile(r"[^<>\n]+ <[^<>\s@]+@[^<>\s@]+>")

Format = Literal["markdown", "html", "pdf"]


def sound_path(path: str) -> str:
    """A path below some directory, with a file name that ends in `.md` and differs for each incident."""
    if path.startswith("/") or ".." in path.split("/") or "\\" in path or not path.endswith(".md"):
        raise ValueError("'path' is a relative path of a Markdown file, such as `postmortems/{year}/{number}-{slug}.md`.")
    if unknown := [name for name in _USED.findall(path) if name not in NAMES]:
        raise ValueError(f"'path' knows no {{{unknown[0]}}}; there are {', '.join(f'{{{name}}}' for name in NAMES)}.")
    if "{number}" not in path:
        raise ValueError("'path' needs {number}, so that each postmortem has a file of its own.")
    return path


class Files(Strict):
    """Files of each postmortem."""

    path: Annotated[str, Field(max_length=300)] = Field(
        default="{year}/{number}-{slug}.md", description="The Markdown's path, of {year}, {month}, {number}, {slug}, {service}, {severity}."
    )
    formats: tuple[Format, ...] = Field(
        default=("markdown",), description="What is published: `markdown` (always), `html` and `pdf` beside it under the same name."
    )

    @field_validator("path")
    @classmethod
    def is_sound(cls, path: str) -> str:
        return sound_path(path)


class Folder(Files):
    """A directory, for a web server or a wiki to read."""

    directory: Line = Field(description="Its path on the bot's machine; it must exist.")
    formats: tuple[Format, ...] = Field(default=("markdown", "html", "pdf"), description="What is published, each under the same name.")


class GitRepository(Files):
    """A git repository. A small one, or one of its own: its newest commit is fetched for each publication."""

    repository: Line = Field(
        description="`https://…`, `ssh://…` or `git@host:path`, or the path of a bare repository on the bot's machine."
    )
    branch: Annotated[str, Field(pattern=r"^[\w][\w./-]{0,99}$")] = Field(default="main", description="The branch that is committed to.")
    author: Line = Field(default="Tocsin <tocsin@localhost>", description="Author of the commits: `Name <address>`.")
    username: Line = Field(default="tocsin", description="Name that goes with the token; some hosts want a certain one.")
    token: SecretStr | None = Field(default=None, description="Token for https. Better `token_env`, to keep it out of git.")
    token_env: EnvName | None = Field(default=None, description="Environment variable that holds the token.")
    key_file: Line | None = Field(default=None, description="Private key for ssh; without it, what ssh itself finds is used.")

    @model_validator(mode="after")
    def is_whole(self) -> Self:
        if not _EMAIL.fullmatch(self.author):
            raise ValueError("'author' is a name and an address: `Tocsin <tocsin@example.com>`.")
        if re.match(r"https?://[^/]*@", self.repository):
            raise ValueError("the address of a repository holds no password; use 'username' and 'token_env'.")
        return self


class Publishing(Strict):
    """Where a published postmortem goes besides its page. Nothing of a private incident leaves its own channel."""

    # Off: a canvas is a page in everybody's channel, and a workspace may not have canvases at all.
    canvas: bool = Field(default=False, description="A canvas in the incident's channel.")
    folder: Folder | None = Field(default=None, description="A directory of files.")
    git: GitRepository | None = Field(default=None, description="A commit to a git repository.")
