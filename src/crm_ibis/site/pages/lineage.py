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

WIDTH, HEIGHT = 172, 26
COLUMN, ROW = 210, 38
MARGIN = 30
FIRST_KPI_LAYER = 3
LAYERS = ("Sources", "Staging", "Facts", "KPIs", "KPIs of KPIs")


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
    titles = {node.x: _title(node) for node in nodes}
    layers = [(x, title) for x, title in sorted(titles.items()) if title]
    pages.write(
        "lineage.html",
        "lineage",
        nodes=nodes,
        edges=edges,
        layers=layers,
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
    ways = [_way(link, layers) for link in links]
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
    return {
        name: (MARGIN + layer * COLUMN, MARGIN + across * ROW)
        for name, (across, layer) in zip(layers, placed.coords, strict=False)
    }


def _layers(tables: list[Description]) -> dict[str, int]:
    """Sources, staging, facts, then KPIs; one that needs another KPI stands behind it."""
    fixed = {"source": 0, "snapshot": 0, "staging": 1, "fact": 2}
    kinds = {table.name: table.kind for table in tables}
    layers: dict[str, int] = {}
    for name in graph.plan(kinds):
        behind = [layers[need] + 1 for need in graph.needs(name) if kinds[need] == "kpi"]
        layers[name] = max(fixed.get(kinds[name], FIRST_KPI_LAYER), *behind, 0)
    return layers


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


def _title(node: Node) -> str:
    number = round((node.x - MARGIN) / COLUMN)
    if node.kind == "exposure":
        return "Dashboards"
    return LAYERS[number] if number < len(LAYERS) else ""


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
