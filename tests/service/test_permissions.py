"""Every operation is reached, described, and allowed to somebody; what a role may is what the manual says."""

import ast
from pathlib import Path
from typing import Any

import pytest

from bascule.service.catalogue import OPERATIONS
from bascule.service.deployment import Deploy
from bascule.service.failures import EXIT_CODES, Failure
from bascule.service.manual import page
from bascule.service.operation import Operation
from bascule.service.permissions import ALLOWED, Permission, Role

ROOT = Path(__file__).parents[2]
COMMANDS = ROOT / "src/bascule/cli"


def test_roles_are_steps() -> None:
    """Each may what the one below may, and only administrators decide what stays and who may."""
    viewer, operator, administrator = (ALLOWED[role] for role in (Role.VIEWER, Role.OPERATOR, Role.ADMINISTRATOR))
    assert ALLOWED[Role.VISITOR] < viewer < operator < administrator
    assert administrator == frozenset(Permission)
    assert administrator - operator == {Permission.COMMIT, Permission.ADMINISTER}


def test_to_deploy_for_good_is_to_commit() -> None:
    """An operator may try, and not keep."""
    deploy = OPERATIONS[Deploy]
    assert deploy.needs(Deploy(text=b"")) is Permission.DEPLOY
    assert deploy.needs(Deploy(text=b"", commit=True)) is Permission.COMMIT


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_the_command_line_has_each(operation: Operation[Any]) -> None:
    """Some command makes the request."""
    made = {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for file in COMMANDS.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    }
    assert operation.request.__name__ in made or operation.permission is Permission.ENTER  # which only the pages have


def test_the_manual_has_each_and_says_who_may() -> None:
    """The page is made from the table (python -m bascule.service.manual > docs/operations.md)."""
    assert (ROOT / "docs/operations.md").read_text() == page()


def test_every_kind_of_failure_has_an_exit_code() -> None:
    """What went wrong reaches scripts, whatever it is."""
    assert set(EXIT_CODES) == set(Failure.__args__)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_no_secret_is_in_what_the_audit_log_says(operation: Operation[Any]) -> None:
    """Neither a password nor a text."""
    assert "{password}" not in (operation.audit or "")
    assert "{text}" not in (operation.audit or "")
