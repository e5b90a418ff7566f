"""One fleet for all tests of a module, put back after each. The tests share its loop: `pytest.mark.asyncio(loop_scope="module")`."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.runbooks.fleet import Drill, standing


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_drill(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Drill]:
    """A fleet that runs."""
    async with standing(tmp_path_factory.mktemp("drill")) as drill:
        yield drill


@pytest_asyncio.fixture(loop_scope="module")
async def drill(shared_drill: Drill) -> AsyncIterator[Drill]:
    """The fleet, as it was at the beginning."""
    yield shared_drill
    await shared_drill.fleet.mend()
