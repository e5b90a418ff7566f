"""A directory of files, for a web server or a wiki to read."""

import asyncio
import errno
import os
import tempfile
from pathlib import Path

from bot.directory.service import Directory
from bot.postmortems.merging import tidy
from bot.publishing.editions import Edition, path_of
from bot.publishing.files import merge_files
from bot.publishing.publisher import Copy, HandEdit, Note, Published
from bot.work.orders import Refused, TryLater

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
BEFORE = ".before-tocsin"


class FolderPublisher:
    """Writes files, each at once as a whole."""

    name = "folder"
    is_shared = True

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def is_on(self) -> bool:
        return self._directory.config.publishing.folder is not None

    def formats(self) -> tuple[str, ...]:
        folder = self._directory.config.publishing.folder
        return folder.formats if folder else ()

    async def publish(self, edition: Edition, copy: Copy, note: Note) -> Published | TryLater | Refused:
        folder = self._directory.config.publishing.folder
        if folder is None:
            return Refused("publishing.folder is not configured any more.")
        if edition.is_emptied:
            return await self._empty(Path(folder.directory), copy.outside_id, path_of(folder.path, edition), edition)
        path = copy.outside_id or path_of(folder.path, edition)
        if not await note(path):
            return TryLater("somebody else is publishing it")
        try:
            return await asyncio.to_thread(written, Path(folder.directory), path, edition, copy)
        except OSError as error:
            return trouble(folder.directory, error)

    async def _empty(self, root: Path, old: str, path: str, edition: Edition) -> Published | TryLater | Refused:
        try:
            await asyncio.to_thread(emptied, root, old, path, edition)
        except OSError as error:
            return trouble(str(root), error)
        return Published(path, "", path)


def emptied(root: Path, old: str, path: str, edition: Edition) -> None:
    """Leave nothing but the word that it is private: the old name has the incident's title in it, and people may have added to the text."""
    for file in (root / path, root / old):
        for gone in (file, file.with_name(f"{file.name}{BEFORE}"), file.with_suffix(".html"), file.with_suffix(".pdf")):
            if gone != root / path:
                gone.unlink(missing_ok=True)
    put(root / path, edition.with_front_matter.encode())


def written(root: Path, path: str, edition: Edition, copy: Copy) -> Published:
    """Write the Markdown, merged with what people changed in it, and the other files beside it."""
    if not root.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(root))
    file, offered = root / path, tidy(edition.with_front_matter)
    standing = tidy(file.read_text(encoding="utf-8", errors="replace")) if file.exists() else ""
    text, conflicts = offered, tuple[HandEdit, ...]()
    is_edited = bool(standing) and standing not in (tidy(copy.text), offered)
    if is_edited and copy.text:
        merged = merge_files(tidy(copy.text), standing, offered)
        text, conflicts = merged.markdown, tuple(HandEdit(one.standing, one.offered) for one in merged.conflicts)
    elif is_edited:  # somebody else's file, or one of ours that nothing is known of any more
        put(file.with_name(f"{file.name}{BEFORE}"), standing.encode())
    put(file, text.encode())
    for ending in (".html", ".pdf"):
        beside, content = file.with_suffix(ending), edition.files.get(ending)
        if content is not None:
            put(beside, content)
        elif copy.outside_id:
            beside.unlink(missing_ok=True)
    return Published(
        path, offered, path, is_new=not copy.text, is_hand_edited=is_edited and bool(copy.text), conflicts=conflicts
    )  # fmt: skip


def put(file: Path, content: bytes) -> None:
    """Write a file so that whoever reads it sees the old one or the new one."""
    if file.exists() and file.read_bytes() == content:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def trouble(directory: str, error: OSError) -> TryLater | Refused:
    """What an error of the file system means."""
    match error:
        case FileNotFoundError() if error.filename == directory:
            return Refused(f"the directory {directory} is not there. Make it, or mend `publishing.folder.directory`.")
        case PermissionError():
            return Refused(f"the bot may not write {error.filename}. Let its user write there.")
        case OSError() if error.errno in FULL:
            return TryLater(f"the disk of {directory} is full.")
    return Refused(f"{error.filename or directory} cannot be written: {error.strerror or error}.")
