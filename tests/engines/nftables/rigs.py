"""A place where rules are kept: the kernel of a node, or memory."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from bascule.engines.nftables.compose import compose
from bascule.engines.nftables.engine import NftablesEngine
from bascule.engines.nftables.ruleset import Ruleset
from bascule.plan.model import Plan
from bascule.system.nft import Nft
from bed.node import Node

Result = TypeVar("Result")


@dataclass(frozen=True)
class Rig:
    """The engine over a real or a fake nftables."""

    nft: Nft
    node: Node | None = None
    """None where nothing real is behind it."""

    @property
    def engine(self) -> NftablesEngine:
        """Return the engine over it."""
        return NftablesEngine(self.nft)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run to its end, on the node where there is one."""
        if self.node is None:
            return asyncio.run(work)
        with self.node.entered():
            return asyncio.run(work)

    def difference(self, plan: Plan) -> str:
        """Return the script between a plan and what is there."""
        return self.engine.difference(compose(plan), self.run(self.engine.observe()))

    def apply(self, plan: Plan) -> str:
        """Make what is there equal to a plan; return the script, which was rehearsed."""
        return self._apply(self.difference(plan))

    def follow(self, plan: Plan, there: Ruleset | None) -> tuple[str, Ruleset | None]:
        """Do the same where what is there was observed before; return the script and what is there then."""
        script = self._apply(self.engine.difference(compose(plan), there))
        return script, self.run(self.engine.observe())

    def _apply(self, script: str) -> str:
        assert [said.message for said in self.run(self.engine.rehearse(script))] == [], script
        self.run(self.engine.apply(script))
        return script

    def load(self, script: str) -> None:
        """Load a script as somebody else."""
        self.run(self.nft.load(script))

    def elements(self, kind: str, name: str) -> list[Any]:
        """Return the elements of one of our sets or maps, as nft lists them."""
        found: list[Any] = self.run(self.nft.named(kind, "inet", "bascule", name)).get("elem", [])
        return found
