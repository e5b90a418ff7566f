"""What every place where postmortems are published must do, tried on each: a directory, a git repository, a canvas."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from bot.clock import FakeClock
from bot.config.models import Config
from bot.config.publishing import Folder, GitRepository, Publishing
from bot.directory.service import Directory
from bot.press.press import Press
from bot.publishing.canvas import CanvasPublisher
from bot.publishing.editions import Edition
from bot.publishing.folder import FolderPublisher
from bot.publishing.git import GitPublisher
from bot.publishing.publisher import Copy, Published, Publisher
from bot.sandbox.keys import BOT_TOKEN
from bot.sandbox.testing import Json, Sandbox
from bot.slack.gateway import Ok, SlackGateway, web_client
from bot.work.orders import Refused, TryLater

T = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEXT = "# Postmortem of #7: checkout\n\n## Summary\n\nIt was down.\n\n## Causes\n\n- one cause\n- another\n\n## Lessons\n\nNone yet.\n"
FIRST = Edition(7, 'checkout is "down": & out', 3, 1, "Checkout", T, T, T, TEXT, "https://tocsin.example/postmortems/7")
PATH = "2026/0007-checkout-is-down-out.md"


class Place(Protocol):
    """One place, and what people see and do there."""

    publisher: Publisher
    channel: str | None

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
    channel: str | None = None

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
    channel: str | None = None
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


class InSlack:
    """A canvas in a channel of the sandbox's workspace."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.slack = SlackGateway(web_client(BOT_TOKEN, f"{sandbox.url}/api/"))
        self.publisher: Publisher = CanvasPublisher(directory(Publishing(canvas=True)), self.slack)
        self.channel: str | None = None

    async def canvases(self) -> list[Json]:
        found: list[Json] = (await self.sandbox.get(f"/channels/{self.channel}"))["canvases"]
        return found

    async def text(self) -> str:
        [canvas] = await self.canvases() or [{}]
        return "\n\n".join(section["markdown"] for section in canvas["sections"])

    async def count(self) -> int:
        return len(await self.canvases())

    async def edit(self, old: str, new: str) -> None:
        [canvas] = await self.canvases()
        section = next(one for one in canvas["sections"] if old in one["markdown"])
        text = section["markdown"].replace(old, new)
        done = await self.sandbox.user("kim").post("canvas", channel=self.channel, canvas=canvas["id"], section=section["id"], text=text)
        assert done["ok"]

    async def break_it(self) -> str:
        self.sandbox.fault(service="slack", method="canvases.edit", error="canvas_disabled_user_team", count=1)
        return "does not allow canvases"


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


@pytest.fixture
async def in_slack(clock: FakeClock) -> AsyncIterator[InSlack]:
    async with Sandbox(clock=clock) as sandbox:
        place = InSlack(sandbox)
        made = await place.slack.call("conversations.create", name="inc-7")
        assert isinstance(made, Ok), made
        place.channel = made.text("channel", "id")
        await place.slack.call("conversations.invite", channel=place.channel, users=["U0KIM000000"])
        yield place
        await place.slack.close()


@pytest.fixture(params=[*PLACES, "canvas"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "canvas":
        found: Place = request.getfixturevalue("in_slack")
        return found
    return PLACES[request.param](tmp_path / "place")


@dataclass
class Known:
    """What the bot keeps between two publications."""

    copy: Copy = field(default_factory=Copy)
    noted: list[str] = field(default_factory=list)
    is_ours: bool = True

    async def note(self, outside_id: str, *, is_hand_edited: bool = False) -> bool:
        self.noted.append(outside_id)
        self.copy = replace(self.copy, outside_id=outside_id, is_hand_edited=self.copy.is_hand_edited or is_hand_edited)
        return self.is_ours

    async def attempt(self, place: Place, edition: Edition) -> Published | TryLater | Refused:
        return await place.publisher.publish(replace(edition, channel=place.channel), self.copy, self.note)

    async def publish(self, place: Place, edition: Edition) -> Published:
        done = await self.attempt(place, edition)
        assert isinstance(done, Published), done
        self.copy = Copy(done.outside_id, done.text, self.copy.is_hand_edited or done.is_hand_edited)
        return done


async def test_a_copy_is_made_once_and_updated_with_what_people_changed_in_it(place: Place) -> None:
    known = Known()
    done = await known.publish(place, FIRST)
    assert (done.is_new, done.conflicts, await place.count()) == (True, (), 1)
    assert done.outside_id in known.noted, "what it is called there is stored"
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
    refused = await known.attempt(place, replace(FIRST, version=4, markdown=f"{TEXT}\nMore.\n"))
    assert isinstance(refused, Refused) and words in refused.why


async def test_whoever_has_lost_the_work_does_nothing(place: Place) -> None:
    known = Known(is_ours=False)
    assert isinstance(await known.attempt(place, FIRST), TryLater)
    with pytest.raises((FileNotFoundError, subprocess.CalledProcessError, LookupError)):
        await place.text()


async def test_a_canvas_of_a_try_that_died_is_found_again_and_peoples_own_is_left_alone(in_slack: InSlack) -> None:
    await Known().publish(in_slack, FIRST)
    await Known().publish(in_slack, replace(FIRST, version=4, markdown=TEXT.replace("None yet.", "Alarms.")))
    assert await in_slack.count() == 1 and "Alarms." in await in_slack.text()

    [canvas] = await in_slack.canvases()
    await in_slack.sandbox.user("kim").post("canvas", channel=in_slack.channel, canvas=canvas["id"])
    known = Known(Copy(canvas["id"], "text"))
    again = await known.publish(in_slack, FIRST)
    assert again.outside_id != canvas["id"] and await in_slack.count() == 1, "one that was deleted is made anew"

    world = in_slack.sandbox.outside.workspace.team.world
    world.canvases[again.outside_id].by = "U0KIM000000"
    beside = await Known().publish(in_slack, FIRST)
    assert beside.outside_id != again.outside_id and await in_slack.count() == 2
    in_slack.sandbox.fault(service="slack", method="canvases.create", error="free_teams_cannot_create_non_tabbed_canvases", count=1)
    refused = await Known().attempt(in_slack, FIRST)
    assert isinstance(refused, Refused) and "allows no second one" in refused.why


async def test_what_a_dying_try_changed_in_a_canvas_beside_peoples_words_is_not_changed_twice(in_slack: InSlack) -> None:
    known = Known()
    await known.publish(in_slack, FIRST)
    await in_slack.edit("It was down.", "It was down, says Kim.")
    second = replace(FIRST, version=4, markdown=TEXT.replace("- another", "- another one").replace("None yet.", "Alarms.\n\nDrills."))
    in_slack.sandbox.fault(service="slack", method="canvases.edit", reset="after", count=1)
    died = await known.attempt(in_slack, second)
    assert isinstance(died, TryLater) and known.copy.is_hand_edited
    done = await known.publish(in_slack, second)
    found = await in_slack.text()
    assert done.conflicts == () and "says Kim." in found
    assert [found.count(words) for words in ("Alarms.", "Drills.", "another", "another one", "None yet.", "Version 4")] == [
        1,
        1,
        1,
        1,
        0,
        1,
    ]


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
    assert isinstance(done, kind) and says in str(done)


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
