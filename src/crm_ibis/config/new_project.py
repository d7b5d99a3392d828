"""Makes a project folder out of the templates: all that it says is a comment but for an example."""

import shutil
from pathlib import Path

import crm_ibis
from crm_ibis.config import project
from crm_ibis.errors import UsageError

TEMPLATES = Path(__file__).parent / "templates" / "project"
HIDDEN = {"gitignore": ".gitignore"}
"""Files that would hide others in the checkout if they had their name there."""
MARK_TEXT = """\
# Makes this folder a project folder of crm_ibis.
made_with: "{version}"
"""


def make(folder: Path) -> None:
    """Makes a project folder; raises UsageError unless it is new or empty."""
    if folder.is_file():
        raise UsageError(f"{folder} is a file; give a new folder")
    try:
        if folder.exists() and any(folder.iterdir()):
            raise UsageError(_refusal(folder))
        write_templates(folder)
    except OSError as error:
        raise UsageError(
            f"cannot make {folder}: {error.strerror or error}; give a folder that can be written"
        ) from None


def _refusal(folder: Path) -> str:
    if (folder / project.MARK).exists():
        return f"{folder} is a project folder already; give a new folder for another one"
    if (folder / "schemas").is_dir():
        return (
            f"{folder} is not empty; if it is a project folder of version 0.1.0, turn it into one "
            f"that holds only what is your own: crm-ibis init --upgrade {folder}"
        )
    return f"{folder} is not empty; give a new folder, so that nothing is lost"


def is_template(file: Path) -> bool:
    """Whether a file is as `init` made it."""
    template = TEMPLATES / file.name
    return template.is_file() and file.read_bytes() == template.read_bytes()


def write_templates(folder: Path) -> None:
    """Copies the templates into a folder, and marks it with the version of the package."""
    skip = shutil.ignore_patterns("__pycache__", *HIDDEN)
    shutil.copytree(TEMPLATES, folder, ignore=skip, dirs_exist_ok=True)
    for shown, hidden in HIDDEN.items():
        shutil.copy(TEMPLATES / shown, folder / hidden)
    mark = MARK_TEXT.format(version=crm_ibis.__version__)
    (folder / project.MARK).write_text(mark, encoding="utf-8")
