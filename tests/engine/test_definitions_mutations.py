"""Damaged diagrams: whatever is torn out, doubled or crossed, the check answers, and what it accepts can be started."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from lxml import etree

from service.engine import definitions, process
from tests.engine.driver import NOON

SHIPPED = sorted((Path(__file__).parents[2] / "bpmn").glob("*.bpmn"))
TEXTS = (
    "",
    " ",
    "=",
    "=a",
    "= a +",
    "${x}",
    "P1D",
    "-1",
    "R/PT0S",
    "true",
    "nope",
    "P",
    "=release",
    "0" * 50,
    "ü" * 20,
)
TIMES = 12


def damaged(source: bytes, dice: random.Random) -> bytes:
    root = etree.fromstring(source)
    nodes = [
        node for node in root.iter() if isinstance(node.tag, str) and node is not root and "bpmndi" not in node.tag
    ]
    for _ in range(dice.randint(1, 4)):
        node = dice.choice(nodes)
        parent = node.getparent()
        if parent is None:
            continue
        dice.choice((_remove, _double, _rewrite, _retag, _move))(node, parent, nodes, dice)
    return etree.tostring(root)


def _remove(node, parent, nodes, dice):
    parent.remove(node)


def _double(node, parent, nodes, dice):
    parent.append(etree.fromstring(etree.tostring(node)))


def _rewrite(node, parent, nodes, dice):
    if node.attrib and dice.random() < 0.8:
        name = dice.choice(list(node.attrib))
        others = [other.get(name) for other in nodes if other.get(name)]
        node.set(name, dice.choice([*TEXTS, *others[:50]]))
    else:
        node.text = dice.choice(TEXTS)


def _retag(node, parent, nodes, dice):
    node.tag = dice.choice(nodes).tag


def _move(node, parent, nodes, dice):
    target = dice.choice(nodes)
    if not any(above is node for above in (target, *target.iterancestors())):
        target.append(node)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
@pytest.mark.parametrize("seed", range(2))
def test_damaged_diagrams_are_refused_or_run(file, seed):
    dice = random.Random(f"{file.stem} {seed}")
    source, accepted = file.read_bytes(), 0
    for _ in range(TIMES):
        torn = damaged(source, dice)
        problems = definitions.check(file.name, torn)
        if any(problem.severity == "error" for problem in problems):
            continue
        accepted += 1
        library = {program.process.id: program for program in definitions.load(file.name, torn)}
        for program in library.values():
            start = next(e.id for e in program.process.elements.values() if e.type == "startEvent" and e.parent is None)
            process.start(program, variables={}, world=process.World(now=NOON, library=library), at=start)
    assert accepted
