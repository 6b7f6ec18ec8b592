"""The rigs that the contract of the engine holds for."""

from collections.abc import Iterator

import pytest

from bascule.system.commands import SystemCommands
from bascule.system.nft import NftProgram
from bed.fake_nft import FakeNft
from bed.layout import Layout
from bed.netlab import NetLab
from engines.nftables.rigs import Rig


@pytest.fixture(params=["fake", pytest.param("kernel", marks=pytest.mark.kernel)])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """Yield nftables in memory, and in a kernel."""
    if request.param == "fake":
        yield Rig(FakeNft())
        return
    with NetLab(Layout(arms=1, clients=0, servers=0)) as net:
        yield Rig(NftProgram(SystemCommands()), net["lb1"])
