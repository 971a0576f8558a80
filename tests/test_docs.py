"""Docs: the examples in docstrings run, on the starter; what is public is typed and says what it does."""

import doctest
import inspect
from importlib import import_module

import bundled
import pytest

import sourcing

WITH_EXAMPLES = {
    "sourcing.comparison": "plan",
    "sourcing.instance": "instance",
    "sourcing.model": "instance",
    "sourcing.plan": "plan",
    "sourcing.study.live": "solution",
    "sourcing.tables": "",
    "sourcing.workbook.read": "",
}
"""Modules, and what their examples take for granted."""


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_examples_run(module):
    name = WITH_EXAMPLES[module]
    given = {name: getattr(bundled, name)("starter")} if name else {}
    found = doctest.testmod(import_module(module), extraglobs=given)
    assert found.attempted > 0 and found.failed == 0  # what failed is printed


def public():
    """Public functions, and the methods of public classes, by name."""
    for name in sourcing.__all__:
        thing = getattr(sourcing, name)
        if inspect.ismodule(thing):
            yield from ((f"{name}.{part}", getattr(thing, part)) for part in thing.__all__)
            continue
        yield name, thing
        if inspect.isclass(thing):
            for part, method in vars(thing).items():
                if not part.startswith("_"):
                    method = method.fget if isinstance(method, property) else method
                    if inspect.isfunction(method):
                        yield f"{name}.{part}", method


@pytest.mark.parametrize(("name", "thing"), list(public()), ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_public_is_typed_and_documented(name, thing):
    assert inspect.getdoc(thing), f"{name} says nothing"
    if inspect.isfunction(thing):
        untyped = [p.name for p in inspect.signature(thing).parameters.values() if p.annotation is p.empty]
        assert [p for p in untyped if p != "self"] == []
        assert inspect.signature(thing).return_annotation is not inspect.Signature.empty
