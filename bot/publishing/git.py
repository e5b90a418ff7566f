"""A commit to a git repository, made in a process of its own (`committing.py`)."""

from bot.config.publishing import GitRepository
from bot.directory.service import Directory
from bot.press.press import CannotPress, Press
from bot.publishing.commits import Committed, NotCommitted, Wanted
from bot.publishing.editions import Edition, path_of
from bot.publishing.publisher import Copy, HandEdit, Note, Published
from bot.work.orders import Refused, TryLater

MAKER = "bot.publishing.committing:commit"


class GitPublisher:
    """Commits postmortems."""

    name = "git"
    is_shared = True

    def __init__(self, directory: Directory, press: Press) -> None:
        self._directory = directory
        self._press = press

    def is_on(self) -> bool:
        return self._directory.config.publishing.git is not None

    def formats(self) -> tuple[str, ...]:
        git = self._directory.config.publishing.git
        return git.formats if git else ()

    async def publish(self, edition: Edition, copy: Copy, note: Note) -> Published | TryLater | Refused:
        git = self._directory.config.publishing.git
        if git is None:
            return Refused("publishing.git is not configured any more.")
        path = path_of(git.path, edition) if edition.is_emptied else copy.outside_id or path_of(git.path, edition)
        if not edition.is_emptied and not await note(path):
            return TryLater("somebody else is publishing it")
        try:
            made = await self._press.make(MAKER, wanted(git, path, edition, copy))
        except CannotPress as cannot:
            return TryLater(f"the commit was not made: {cannot}")
        if isinstance(made, NotCommitted):
            return TryLater(made.why) if made.again else Refused(made.why)
        assert isinstance(made, Committed)
        where = f"{path} on {git.branch}" + (", where it had been deleted" if made.was_gone else "")
        conflicts = tuple(HandEdit(*pair) for pair in made.conflicts)
        return Published(
            path, edition.with_front_matter, where, is_new=not copy.text, is_hand_edited=made.is_hand_edited, conflicts=conflicts
        )  # fmt: skip


def wanted(git: GitRepository, path: str, edition: Edition, copy: Copy) -> Wanted:
    """The commit of an edition. Of one that is private now nothing is merged, and what bears the title is removed."""
    verb = "private" if edition.is_emptied else "withdrawn" if edition.is_withdrawn else f"version {edition.version}"
    title = "" if edition.is_emptied else f": {edition.title}"
    others = {path.removesuffix(".md") + ending: edition.files.get(ending) for ending in (".html", ".pdf")}
    if edition.is_emptied and copy.outside_id != path:
        others |= {copy.outside_id.removesuffix(".md") + ending: None for ending in (".md", ".html", ".pdf")}
    return Wanted(
        repository=git.repository,
        branch=git.branch,
        author=git.author,
        message=f"Postmortem of #{edition.number}, {verb}{title}\n\nTocsin-Postmortem: {edition.number}/{edition.version}\n",
        at=int(edition.published_at.timestamp()),
        path=path,
        base="" if edition.is_emptied else copy.text,
        offered=edition.with_front_matter,
        others={name: content for name, content in others.items() if content is not None or copy.outside_id},
        username=git.username,
        token=git.token.get_secret_value() if git.token else "",
        key_file=git.key_file or "",
    )
