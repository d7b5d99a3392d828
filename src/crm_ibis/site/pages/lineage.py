"""The way from sources to dashboards, drawn: layers by kind, crossings kept few by igraph."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import igraph

from crm_ibis.config.declarations import exposures
from crm_ibis.metrics import graph
from crm_ibis.metrics.describe import Description
from crm_ibis.metrics.lineage import ROWS, Origin, Origins
from crm_ibis.site.pages.renderer import Pages

WIDTH = 172
HEIGHT = 26
COLUMN = 210
ROW = 38
MARGIN = 30
KINDS = ("source", "staging", "fact", "kpi")
TITLES = ("Sources", "Staging", "Facts", "KPIs")
TITLES_BEHIND = ("", "Staging of staging", "Facts of facts", "KPIs of KPIs")


@dataclass(frozen=True)
class Node:
    """A table or dashboard in the drawing; `x`, `y` is its upper left corner."""

    name: str
    kind: str
    told: str
    address: str
    x: float
    y: float


@dataclass(frozen=True)
class Edge:
    """From what is needed to what needs it; `path` is a curve for SVG."""

    start: str
    end: str
    path: str


def write(pages: Pages, tables: list[Description], direct: Origins, settled: Origins) -> None:
    """The page with the drawing, and the columns that can be traced in it."""
    nodes, edges = lay_out(tables)
    pages.write(
        "lineage.html",
        "lineage",
        nodes=nodes,
        edges=edges,
        layers=_titles(nodes),
        width=max(node.x for node in nodes) + WIDTH + MARGIN,
        height=max(node.y for node in nodes) + HEIGHT + MARGIN,
        node_width=WIDTH,
        node_height=HEIGHT,
        traces=traces(direct, settled),
    )


def lay_out(tables: list[Description]) -> tuple[list[Node], list[Edge]]:
    """All tables and all exposures, placed; of histories, those that a table is computed from."""
    read = {need for table in tables for need in table.needs}
    shown = [table for table in tables if table.kind != "snapshot" or table.name in read]
    links = [(n, t.name) for t in shown if t.kind != "snapshot" for n in t.needs]
    links += [(table, name) for name, e in exposures().items() for table in e.of]
    layers = _layers(shown)
    layers |= dict.fromkeys(exposures(), max(layers.values()) + 1)
    # What a broken table of the project is made of, or shown in, has no place for it.
    ways = [_way(link, layers) for link in links if layers.keys() >= set(link)]
    spots = _positions(layers, ways)
    told = {
        table.name: (table.kind, _gist(table.meaning), f"tables/{table.name}.html")
        for table in shown
    }
    told |= {
        n: ("exposure", e.description, f"tables/{e.of[0]}.html") for n, e in exposures().items()
    }
    nodes = [Node(name, *told[name], *spots[name]) for name in told]
    edges = [Edge(way[0], way[-1], _path([spots[stop] for stop in way])) for way in ways]
    return nodes, edges


def _way(link: tuple[str, str], layers: dict[str, int]) -> list[str]:
    """The stops of a link: one in every layer between its ends, so that it passes between boxes."""
    start, end = link
    stops = [f"{start} to {end}, layer {n}" for n in range(layers[start] + 1, layers[end])]
    layers |= {stop: layers[start] + n for n, stop in enumerate(stops, start=1)}
    return [start, *stops, end]


def _positions(layers: dict[str, int], ways: list[list[str]]) -> dict[str, tuple[float, float]]:
    """Where everything stands; igraph stacks layers downwards, here they go from left to right."""
    numbers = {name: number for number, name in enumerate(layers)}
    steps = [(numbers[a], numbers[b]) for way in ways for a, b in pairwise(way)]
    picture = igraph.Graph(n=len(layers), edges=steps, directed=True)
    placed = picture.layout_sugiyama(layers=list(layers.values()), maxiter=500)
    top = min(across for across, _ in placed.coords)
    return {
        name: (MARGIN + layer * COLUMN, MARGIN + (across - top) * ROW)
        for name, (across, layer) in zip(layers, placed.coords, strict=False)
    }


def _layers(tables: list[Description]) -> dict[str, int]:
    """Sources, staging, facts, then KPIs; what needs another of its kind stands behind that."""
    kinds = {table.name: _place_of(table.kind) for table in tables}
    plan = graph.plan(kinds)
    steps: dict[str, int] = {}
    for name in plan:
        alike = [steps[need] + 1 for need in graph.needs(name) if kinds[need] == kinds[name]]
        steps[name] = max(alike, default=0)
    first = _first_layers(kinds, steps)
    layers: dict[str, int] = {}
    for name in plan:
        behind = [layers[need] + 1 for need in graph.needs(name)]
        layers[name] = max([first[kinds[name]] + steps[name], *behind])
    return layers


def _place_of(kind: str) -> int:
    """Where a kind stands among the others; a history is read as sources are."""
    return KINDS.index(kind) if kind in KINDS else 0


def _first_layers(kinds: dict[str, int], steps: dict[str, int]) -> list[int]:
    """The first layer of each kind: behind all layers of the one before."""
    first = [0]
    for place in range(len(KINDS) - 1):
        depth = max((steps[name] for name, kind in kinds.items() if kind == place), default=0)
        first.append(first[-1] + depth + 1)
    return first


def _path(stops: list[tuple[float, float]]) -> str:
    """A curve from the right of one box to the left of another, straight through its stops."""
    middle = HEIGHT / 2
    points = [point for x, y in stops for point in ((x, y + middle), (x + WIDTH, y + middle))]
    first, *rest = points[1:-1]
    path = f"M{first[0]:.0f} {first[1]:.0f}"
    for (x, y), (next_x, next_y) in pairwise([first, *rest]):
        half = (x + next_x) / 2
        path += f"C{half:.0f} {y:.0f} {half:.0f} {next_y:.0f} {next_x:.0f} {next_y:.0f}"
    return path


def _titles(nodes: list[Node]) -> list[tuple[float, str]]:
    """What stands above the layers: a kind where it begins, what is made of its own kind behind."""
    kinds: dict[float, list[str]] = {}
    for node in nodes:
        kinds.setdefault(node.x, []).append(node.kind)
    titles: dict[str, float] = {}
    for x in sorted(kinds):
        first, behind = _titles_of(kinds[x])
        titles.setdefault(behind if first in titles else first, x)
    return [(x, title) for title, x in titles.items()]


def _titles_of(kinds: list[str]) -> tuple[str, str]:
    """Of a layer's most frequent kind: for its first layer, and for those behind."""
    most = max(kinds, key=kinds.count)
    if most == "exposure":
        return ("Dashboards", "Dashboards")
    place = _place_of(most)
    return (TITLES[place], TITLES_BEHIND[place])


def _gist(meaning: str) -> str:
    return meaning.split("\n\n")[0].replace("\n", " ")


def traces(direct: Origins, settled: Origins) -> dict[str, Any]:
    """Of each column of a KPI or fact: the source columns, and the tables on the way to them."""
    return {
        name: {
            column: {
                "sources": [[o.table, o.column] for o in sorted(settled[name][column])],
                "through": sorted(_through(Origin(name, column), direct)),
            }
            for column in direct[name]
            if column != ROWS
        }
        for name in (*graph.kpi_functions(), *graph.fact_functions())
    }


def _through(origin: Origin, direct: Origins) -> set[str]:
    found = {origin.table}
    for nearer in direct.get(origin.table, {}).get(origin.column, ()):
        found |= _through(nearer, direct)
    return found
