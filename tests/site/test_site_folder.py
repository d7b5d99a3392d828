"""The folder that a site is built into: nothing is lost of it, whatever happens."""

import fcntl
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crm_ibis.errors import UsageError
from crm_ibis.site import build as building
from crm_ibis.site import output as building_in
from crm_ibis.site.output import replaced_folder


def put(folder: Path, text: str = "first") -> None:
    """Builds a site of two files."""
    with replaced_folder(folder) as new:
        (new / "tables").mkdir()
        (new / "index.html").write_text(text)
        (new / "tables" / "leads.html").write_text(text)


def contents(folder: Path) -> dict[str, str]:
    """The files of a folder, without what lists them."""
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != "crm-ibis.txt"]
    return {file.relative_to(folder).as_posix(): file.read_text() for file in files}


def whole(text: str) -> dict[str, str]:
    return {"index.html": text, "tables/leads.html": text}


def test_a_site_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    put(tmp_path / "out")
    put(tmp_path / "out", "second")
    assert contents(tmp_path / "out") == whole("second")
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="holds other things than a site"):
        put(tmp_path)
    assert contents(tmp_path) == {"thesis.txt": "years of work"}


def test_a_build_that_fails_leaves_the_site_that_is_there(tmp_path: Path) -> None:
    def fail() -> None:
        with replaced_folder(tmp_path / "out") as new:
            (new / "index.html").write_text("half")
            raise ZeroDivisionError

    put(tmp_path / "out")
    with pytest.raises(ZeroDivisionError):
        fail()
    assert contents(tmp_path / "out") == whole("first")
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


def test_what_people_added_to_a_site_is_not_removed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    put(out)
    (out / "CNAME").write_text("kpis.example.com")
    (out / ".git" / "refs").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"out holds other things .*: \.git, CNAME; .* move them"):
        put(out, "second")
    assert contents(out) == {**whole("first"), "CNAME": "kpis.example.com"}
    assert (out / ".git" / "refs").is_dir()


def test_a_neighbouring_folder_is_not_the_builds_to_remove(tmp_path: Path) -> None:
    (tmp_path / "out.new").mkdir()
    (tmp_path / "out.new" / "thesis.txt").write_text("years of work")
    put(tmp_path / "out")
    assert (tmp_path / "out.new" / "thesis.txt").read_text() == "years of work"
    # Whoever may read folders that are made here may read the site.
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "out.new").stat().st_mode


def test_files_that_come_while_it_builds_are_not_removed(tmp_path: Path) -> None:
    put(tmp_path / "out")
    with pytest.raises(UsageError, match="CNAME"), replaced_folder(tmp_path / "out"):
        (tmp_path / "out" / "CNAME").write_text("kpis.example.com")
    assert contents(tmp_path / "out") == {**whole("first"), "CNAME": "kpis.example.com"}


def test_a_swap_that_fails_leaves_the_site_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "out")
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(UsageError, match="No space left on device"):
        put(tmp_path / "out", "second")
    assert contents(tmp_path / "out") == whole("first")
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


def test_builds_at_the_same_time_end_with_one_whole_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four builders, ten builds each, whose pages and scripts are called after the builder."""

    def write(builder: str, folder: Path, *given: object) -> None:
        for name in ("index.html", f"{builder}.html", f"assets/{builder}.js"):
            (folder / name).write_text(builder)

    def build_ten(builder: str) -> list[building.Site]:
        return [building.build(builder, out, None) for _ in range(10)]  # type: ignore[arg-type]

    out = tmp_path / "out"
    monkeypatch.setattr(building, "_write", write)
    monkeypatch.setattr(building, "_write_charts_script", lambda file: None)
    with ThreadPoolExecutor(4) as builders:
        built = [site for ten in builders.map(build_ten, "abcd") for site in ten]
    assert built == [building.Site(out, pages=2, bytes=3)] * 40
    last, listed = (out / "index.html").read_text(), (out / "crm-ibis.txt").read_text()
    names = {str(file.relative_to(out)) for file in out.rglob("*") if file.is_file()}
    assert names == {"index.html", f"{last}.html", f"assets/{last}.js", "crm-ibis.txt"}
    assert set(listed.splitlines()[1:]) == names
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


def test_a_folder_that_another_program_has_locked_is_waited_for_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building_in, "PATIENCE", 0.1)
    lock = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with pytest.raises(UsageError, match=r"another program has locked .* give another folder"):
        put(tmp_path / "out")
    os.close(lock)
    put(tmp_path / "out")


def test_a_mount_point_is_refused_before_anything_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "is_mount", lambda self: self == tmp_path)
    with pytest.raises(UsageError, match="is a mount point"):
        put(tmp_path)
    put(tmp_path / "out")


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    for text in ("first", "second"):
        put(tmp_path / "link", text)
    assert (tmp_path / "link").is_symlink()
    assert contents(tmp_path / "real") == whole("second")


def test_a_link_to_itself_and_the_current_folder_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match="--out"):
        put(tmp_path / "loop")
    monkeypatch.chdir(tmp_path)
    for folder in (Path(), Path("..")):
        with pytest.raises(UsageError, match="holds the current folder; give another with --out"):
            put(folder)
