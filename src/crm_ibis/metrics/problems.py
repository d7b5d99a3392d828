"""All that is wrong with a project's own files, each with its place and remedy.

What is in order goes on working: commands that read, or that name tables, only print these.
"""

from crm_ibis.config import files, project
from crm_ibis.contracts.own_modules import Problem
from crm_ibis.errors import UsageError
from crm_ibis.metrics import own


def project_problems() -> list[Problem]:
    """What the project's YAML takes away that is not there, and its own tables that are left out.

    Of a copied folder, the contracts of tables that the package no longer has.
    """
    found = [Problem(words, is_warning=True) for words in files.layer_problems()]
    if project.own_modules() or project.copied_home():
        from crm_ibis.contracts import models  # Pandera, which contracts need, takes its time

        try:
            found += [*models.shipped_contracts().problems, *models.own_tables().problems]
        except UsageError as error:  # a copied contract that cannot be read
            found.append(Problem(str(error)))
    return [*found, *own.own_functions().problems]


def refuse_problems(takes_tables: bool = True) -> None:
    """Raises UsageError naming all problems, for what concerns all tables of the project.

    A command that takes names of tables can do without the broken ones.
    """
    errors = [problem for problem in project_problems() if not problem.is_warning]
    if errors:
        remedy = f"fix {'it' if len(errors) == 1 else 'them'}"
        if takes_tables:
            remedy += "; until then, name the tables that the command is to be about"
        listed = "\n".join(f"  {problem}" for problem in errors)
        raise UsageError(
            f"the project has {len(errors)} {'problem' if len(errors) == 1 else 'problems'}, and "
            f"nothing was done:\n{listed}\n{remedy}"
        )
