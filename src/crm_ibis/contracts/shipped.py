"""The contracts that the package ships, or those of a project folder that copied them."""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from crm_ibis.config import project
from crm_ibis.config.overlay import Place
from crm_ibis.contracts.contract import Contract, complete, contract_of
from crm_ibis.contracts.own_modules import Problem
from crm_ibis.errors import UsageError

FILES = ("sources.py", "kpis.py")


@dataclass(frozen=True)
class Shipped:
    """Contracts by table name, and what is odd about a copied folder."""

    contracts: dict[str, Contract] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def shipped_contracts() -> Shipped:
    """The contracts in schemas/; a copy's stand for the package's, which fill in what is new."""
    copy = project.copied_home()
    return _shipped(copy, tuple(map(_modified, _paths(copy))) if copy else ())


@lru_cache(maxsize=8)
def _shipped(copy: Path | None, modified: tuple[int, ...]) -> Shipped:
    """Read once while a copy's files stay as they are."""
    shipped = _read_package()
    return _merge(copy, _read(copy), shipped) if copy else Shipped(shipped)


@cache
def _read_package() -> dict[str, Contract]:
    """The package's own contracts, which stay as they are while it runs."""
    return _read(project.shipped_home())


def _modified(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _paths(home: Path) -> list[Path]:
    return [home / "schemas" / name for name in FILES]


def _merge(copy: Path, copied: dict[str, Contract], shipped: dict[str, Contract]) -> Shipped:
    merged = Shipped()
    for name, contract in copied.items():
        if name in shipped:
            merged.contracts[name] = complete(contract, shipped[name])
        elif contract.kind == "source":
            merged.contracts[name] = contract
        if words := _lost(contract, shipped):
            place = _place(copy / "schemas" / "kpis.py", contract.model.__name__)
            merged.problems.append(Problem(words, place, is_warning=True))
    for name, contract in shipped.items():
        merged.contracts.setdefault(name, contract)
    return merged


def _lost(contract: Contract, shipped: dict[str, Contract]) -> str | None:
    """What a copied contract of a published table promises, and the package no longer computes."""
    name = contract.name
    if contract.kind == "source":
        return None
    if name not in shipped:
        return f"the package has no table {name} any more, so its contract is left out; delete it"
    gone = [column for column in contract.schema if column not in shipped[name].schema]
    if gone:
        return (
            f"the package computes no {', '.join(gone)} of {name} any more, so that is left out; "
            "delete it"
        )
    return None


def _place(path: Path, class_name: str) -> Place:
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    return Place(path, next((n for n, line in lines if line.startswith(f"class {class_name}(")), 1))


def _read(home: Path) -> dict[str, Contract]:
    return {c.name: c for path in _paths(home) for c in _contracts_in(path)}


def _contracts_in(path: Path) -> Iterator[Contract]:
    if not path.exists():
        raise UsageError(f"{path} is missing; `crm-ibis init DIR` makes a complete project folder")
    spec = importlib.util.spec_from_file_location(f"_crm_ibis_schemas_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        for model in vars(module).values():
            if isinstance(model, type) and model.__module__ == module.__name__:
                yield contract_of(model)
    except Exception as error:  # whatever a project's own file may raise
        raise UsageError(f"cannot read the contracts in {path}: {_gist(error)}") from error


def _gist(error: Exception) -> str:
    line = f"line {error.lineno}: " if isinstance(error, SyntaxError) else ""
    return f"{line}{type(error).__name__}: {error}"
