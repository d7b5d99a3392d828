"""A team's metrics/ as a package, so that its modules can import one another."""

import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

PREFIX = "_crm_ibis_metrics_"


class _Loader(SourceFileLoader):
    """Compiles a module each time.

    Bytecode would outlive a change within the same second, and would lie in the team's folder.
    """

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.get_data(self.path), self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    """Finds the modules of a metrics/ before Python's own finder, which would write bytecode."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, _, name = fullname.partition(".")
        if path is None or not package.startswith(PREFIX):
            return None
        file = Path(path[0], f"{name}.py")
        return _spec(fullname, file) if file.is_file() else None


def _spec(name: str, file: Path) -> ModuleSpec | None:
    return spec_from_file_location(name, file, loader=_Loader(name, str(file)))


def open_package(folder: Path) -> None:
    """Makes a folder a package of which nothing is imported yet."""
    name = package_name(folder)
    for known in [known for known in sys.modules if known.partition(".")[0] == name]:
        del sys.modules[known]
    package = ModuleType(name)
    package.__path__ = [str(folder)]
    sys.modules[name] = package
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def package_name(folder: Path) -> str:
    """The name of a folder's package: each has its own, as a process may read several."""
    return f"{PREFIX}{sha256(str(folder).encode()).hexdigest()[:8]}"


def import_module(path: Path) -> ModuleType:
    """A module of an open package, executed unless another one has imported it already."""
    name = f"{package_name(path.parent)}.{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = _spec(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    # Annotations that are kept as text are looked up there.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
