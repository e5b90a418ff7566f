"""What every place where postmortems are published must do, tried on each: a directory, a git repository, a canvas."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from bot.config.models import Config
from bot.config.publishing import Folder, GitRepository, Publishing
from bot.directory.service import Directory
from bot.postmortems.press import Press
from bot.publishing.editions import Edition
from bot.publishing.folder import FolderPublisher
from bot.publishing.git import GitPublisher
from bot.publishing.publisher import Copy, Published, Publisher
from bot.work.orders import Refused, TryLater

T = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEXT = "# Postmortem of #7: checkout\n\n## Summary\n\nIt was down.\n\n## Causes\n\n- one cause\n- another\n\n## Lessons\n\nNone yet.\n"
FIRST = Edition(7, 'checkout is "down": & out', 3, 1, "Checkout", T, T, T, TEXT, "https://tocsin.example/postmortems/7")
PATH = "2026/0007-checkout-is-down-out.md"


class Place(Protocol):
    """One place, and what people see and do there."""

    publisher: Publisher

    async def text(self) -> str: ...

    async def count(self) -> int:
        """How many copies there are."""

    async def edit(self, old: str, new: str) -> None:
        """Somebody changes the copy by hand."""

    async def break_it(self) -> str:
        """Make the place refuse; words of what people are told then."""


@dataclass
class InFolder:
    root: Path

    def __post_init__(self) -> None:
        self.root.mkdir()
        folder = Folder(directory=str(self.root), path="{year}/{number}-{slug}.md")
        self.publisher: Publisher = FolderPublisher(directory(Publishing(folder=folder)))

    async def text(self) -> str:
        return (self.root / PATH).read_text()

    async def count(self) -> int:
        return len(list(self.root.rglob("*.md")))

    async def edit(self, old: str, new: str) -> None:
        found = await self.text()
        assert old in found
        (self.root / PATH).write_text(found.replace(old, new))

    async def break_it(self) -> str:
        self.root.rename(self.root.with_name("gone"))
        return f"the directory {self.root} is not there. Make it"


@dataclass
class InGit:
    folder: Path
    bare: Path = field(init=False)

    def __post_init__(self) -> None:
        self.bare = self.folder / "bare.git"
        self.folder.mkdir()
        git(self.folder, "init", "-q", "--bare", "-b", "main", str(self.bare))
        repository = GitRepository(repository=str(self.bare), author="Tocsin <bot@example.com>")
        self.publisher: Publisher = GitPublisher(directory(Publishing(git=repository)), Press())

    async def text(self) -> str:
        return git(self.bare, "show", f"main:{PATH}")

    async def count(self) -> int:
        return len(git(self.bare, "ls-tree", "-r", "--name-only", "main").splitlines())

    async def edit(self, old: str, new: str) -> None:
        work = self.folder / "work"
        if not work.exists():
            git(self.folder, "clone", "-q", str(self.bare), str(work))
        git(work, "pull", "-q")
        file = work / PATH
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
        git(work, "commit", "-qam", "By hand")
        git(work, "push", "-q")

    async def break_it(self) -> str:
        hook(self.bare, "pre-receive", "echo 'nobody pushes on a Friday' >&2; exit 1")
        return "pre-receive hook declined: nobody pushes on a Friday."


def directory(publishing: Publishing) -> Directory:
    return Directory(Config(publishing=publishing))


def git(where: Path, *words: str) -> str:
    """What git says."""
    environ = {"HOME": str(where), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ["-c", "user.name=Kim", "-c", "user.email=kim@example.com", "-c", "protocol.file.allow=always"]
    return subprocess.run(["git", *identity, *words], cwd=where, env=environ, capture_output=True, text=True, check=True).stdout


def hook(bare: Path, name: str, script: str) -> None:
    path = bare / "hooks" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


PLACES: dict[str, Callable[[Path], Place]] = {"folder": InFolder, "git": InGit}


@pytest.fixture(params=PLACES)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with AsyncExitStack():
        yield PLACES[request.param](tmp_path / "place")


@dataclass
class Known:
    """What the bot keeps between two publications."""

    copy: Copy = field(default_factory=Copy)
    noted: list[str] = field(default_factory=list)
    is_ours: bool = True

    async def note(self, outside_id: str) -> bool:
        self.noted.append(outside_id)
        self.copy = replace(self.copy, outside_id=outside_id)
        return self.is_ours

    async def publish(self, place: Place, edition: Edition) -> Published:
        done = await place.publisher.publish(edition, self.copy, self.note)
        assert isinstance(done, Published), done
        self.copy = Copy(done.outside_id, done.text, self.copy.is_hand_edited or done.is_hand_edited)
        return done


async def test_a_copy_is_made_once_and_updated_with_what_people_changed_in_it(place: Place) -> None:
    known = Known()
    done = await known.publish(place, FIRST)
    assert (done.is_new, done.conflicts, await place.count()) == (True, (), 1)
    assert known.noted[0] == done.outside_id, "what it is called there is stored"
    assert "It was down." in await place.text()

    lost = Known(Copy(known.copy.outside_id))  # a process that died before it could say so
    await lost.publish(place, FIRST)
    assert await place.count() == 1

    second = replace(FIRST, version=4, markdown=TEXT.replace("None yet.", "Alarms.").replace("- another", "- another one"))
    again = await known.publish(place, second)
    assert (again.is_new, again.is_hand_edited, await place.count()) == (False, False, 1)
    assert "Alarms." in await place.text() and "None yet." not in await place.text()

    await place.edit("It was down.", "It was down, says Kim.")
    await place.edit("Alarms.", "Alarms and drills.")
    third = replace(second, version=5, markdown=second.markdown.replace("- one cause", "- the one cause").replace("Alarms.", "Canaries."))
    merged = await known.publish(place, third)
    found = await place.text()
    assert "It was down, says Kim." in found and "- the one cause" in found, "both are kept"
    assert "Alarms and drills." in found, "what people wrote stands"
    assert [(one.kept, one.ours) for one in merged.conflicts] == [("Alarms and drills.", "Canaries.")], "and is told beside ours"
    assert merged.is_hand_edited and await place.count() == 1
    assert (await known.publish(place, third)).conflicts == (), "what was told is not told again"
    assert await place.text() == found


async def test_what_is_withdrawn_says_so_in_its_first_lines_and_keeps_what_people_wrote(place: Place) -> None:
    known = Known()
    await known.publish(place, FIRST)
    await place.edit("None yet.", "One, by Kim.")
    await known.publish(place, replace(FIRST, is_withdrawn=True))
    found = await place.text()
    assert "This postmortem was withdrawn and is being revised." in found.partition("## Summary")[0]
    assert "One, by Kim." in found and await place.count() == 1
    await known.publish(place, replace(FIRST, version=4))
    assert "withdrawn" not in await place.text()


async def test_a_place_that_refuses_says_why_in_a_sentence_and_nothing_is_lost(place: Place) -> None:
    known = Known()
    await known.publish(place, FIRST)
    words = await place.break_it()
    refused = await place.publisher.publish(replace(FIRST, version=4, markdown=f"{TEXT}\nMore.\n"), known.copy, known.note)
    assert isinstance(refused, Refused) and words in refused.why


async def test_whoever_has_lost_the_work_does_nothing(place: Place) -> None:
    known = Known(is_ours=False)
    assert isinstance(await place.publisher.publish(FIRST, known.copy, known.note), TryLater)
    with pytest.raises((FileNotFoundError, subprocess.CalledProcessError, LookupError)):
        await place.text()


async def test_a_push_at_the_same_moment_loses_nothing_of_either(tmp_path: Path) -> None:
    place, known = InGit(tmp_path / "place"), Known()
    await known.publish(place, FIRST)
    other = tmp_path / "place" / "other"
    git(tmp_path, "clone", "-q", str(place.bare), str(other))
    (other / "notes.md").write_text("a note")
    git(other, "add", ".")
    git(other, "commit", "-qm", "A note")
    theirs = git(other, "rev-parse", "HEAD").strip()
    # Right when ours arrives, somebody else's is already there: the first push finds the branch moved.
    once = f"[ -e once ] && exit 0; touch once; unset GIT_QUARANTINE_PATH; git update-ref refs/heads/main {theirs}"
    git(other, "push", "-q", "origin", "HEAD:refs/heads/side")
    hook(place.bare, "pre-receive", once)
    await known.publish(place, replace(FIRST, version=4, markdown=TEXT.replace("None yet.", "Alarms.")))
    assert "Alarms." in await place.text()
    assert git(place.bare, "show", "main:notes.md") == "a note"


async def test_git_says_whose_commit_it_is_and_takes_other_files_along(tmp_path: Path) -> None:
    place, known = InGit(tmp_path / "place"), Known()
    await known.publish(place, replace(FIRST, files={".pdf": b"%PDF-1.7 one"}))
    log = git(place.bare, "log", "-1", "--format=%an <%ae> %at%n%B").splitlines()
    assert log[0] == f"Tocsin <bot@example.com> {T.timestamp():.0f}"
    assert log[1] == 'Postmortem of #7, version 3: checkout is "down": & out' and "Tocsin-Postmortem: 7/3" in log
    assert sorted(git(place.bare, "ls-tree", "-r", "--name-only", "main").split()) == [PATH, PATH.replace(".md", ".pdf")]
    await place.edit("version: 3", "version: 3\ntags: [outage]\nreviewed-by:\n  - kim")
    await known.publish(place, replace(FIRST, is_withdrawn=True))
    assert git(place.bare, "ls-tree", "-r", "--name-only", "main").split() == [PATH], "what is withdrawn is no PDF any more"
    front = (await place.text()).partition("\n---\n")[0]
    assert 'state: "withdrawn"' in front and "tags: [outage]\nreviewed-by:\n  - kim" in front
    git(tmp_path / "place" / "work", "pull", "-q")
    git(tmp_path / "place" / "work", "rm", "-q", PATH)
    git(tmp_path / "place" / "work", "commit", "-qm", "Away with it")
    git(tmp_path / "place" / "work", "push", "-q")
    back = await known.publish(place, replace(FIRST, version=4))
    assert "where it had been deleted" in back.where and "It was down." in await place.text()


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"repository": "/nowhere/at/all.git"}, Refused, "there is no git repository at /nowhere/at/all.git"),
        ({"repository": "https://127.0.0.1:9/a.git"}, TryLater, "cannot be reached"),
        ({"repository": "ssh://kim@127.0.0.1:9/a.git"}, TryLater, "cannot be reached"),
        ({"branch": "trunk"}, Refused, "it has no branch trunk. Make it, or mend `publishing.git.branch`."),
    ],
)
async def test_a_repository_that_cannot_be_used_is_told_with_what_to_do(
    tmp_path: Path, change: dict[str, str], kind: type, says: str
) -> None:
    place = InGit(tmp_path / "place")
    await Known().publish(place, FIRST)
    repository = GitRepository(**{"repository": str(place.bare), **change})
    done = await GitPublisher(directory(Publishing(git=repository)), Press()).publish(FIRST, Copy(), Known().note)
    assert isinstance(done, kind) and says in done.why


async def test_a_checkout_of_the_branch_is_not_committed_to_behind_its_back(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main", str(tmp_path / "checkout"))
    repository = GitRepository(repository=str(tmp_path / "checkout"))
    done = await GitPublisher(directory(Publishing(git=repository)), Press()).publish(FIRST, Copy(), Known().note)
    assert isinstance(done, Refused) and "is a checkout of main" in done.why


async def test_somebody_elses_file_of_the_same_name_is_kept_beside_ours(tmp_path: Path) -> None:
    place = InFolder(tmp_path / "place")
    (place.root / "2026").mkdir()
    (place.root / PATH).write_text("somebody else's")
    await Known().publish(place, replace(FIRST, files={".html": b"<p>", ".pdf": b"%PDF"}))
    assert (place.root / f"{PATH}.before-tocsin").read_text() == "somebody else's\n"
    assert sorted(file.suffix for file in (place.root / "2026").iterdir()) == [".before-tocsin", ".html", ".md", ".pdf"]
    if os.getuid():
        (place.root / "2026").chmod(0o500)
        refused = await asyncio.wait_for(place.publisher.publish(replace(FIRST, version=9), Copy(), Known().note), 10)
        assert isinstance(refused, Refused) and "may not write" in refused.why
