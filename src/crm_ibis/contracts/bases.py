"""What contracts are written with: their base classes, and `column`."""

from typing import Any, ClassVar

from crm_ibis.contracts.pandera_api import pa
from crm_ibis.contracts.types import Instant


def column(
    description: str,
    *,
    references: str | None = None,
    private: bool = False,
    volatile: bool = False,
    raise_warning: bool = False,
    undecided_if_missing: bool = False,
    refines: bool = False,
    closed: bool = False,
    **checks: Any,
) -> Any:
    """A described column of a contract.

    references: the source whose `id` it must be, when not null. private: free text or personal,
    never shown in samples. volatile: changes with the clock alone, so it is no change when
    publishing. raise_warning: what breaks a rule of this column is reported and logged, but does
    not stop a refresh. undecided_if_missing: a source without this column does not say whether the
    event happened, so it is not read as a column of nulls. refines: makes a value more exact where
    it is given, and is not missed where it is not. closed: its text is a name out of a list that is
    kept elsewhere, such as in params.yml, and is shown in samples. checks: whatever a Pandera field
    takes, `nullable=True` included.
    """
    metadata = {
        "references": references,
        "private": private,
        "volatile": volatile,
        "severity": "warn" if raise_warning else "error",
        "undecided_if_missing": undecided_if_missing,
        "refines": refines,
        "closed": closed,
    }
    return pa.Field(
        description=description, metadata=metadata, raise_warning=raise_warning, **checks
    )


class Source(pa.DataFrameModel):
    """Base of the contracts of source tables.

    `class Config: metadata = {"optional": True}` says that a database need not have the table: a
    function that takes it gives that parameter the default None, and gets None where it is missing.
    """

    class Config:
        strict = True


class Published(pa.DataFrameModel):
    """Base of the contracts of published tables: facts and KPIs."""

    updated_at: Instant = column(
        "The `as_of` of the run at which the values of this row last changed (UTC)."
    )

    class Config:
        strict = True


class Fact(Published):
    """Base of the contract of a team's own fact: computed for KPIs, published where a job says."""


class Extension(pa.DataFrameModel):
    """Base of what a team adds to the shipped contract of the same name.

    Columns and `@pa.dataframe_check` as in any contract; `class Config: severities = {"amount >=
    0": "warn"}` changes how severe rules of the shipped contract are.
    """

    _settings: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Keeps what `Config` says to itself: Pandera would take it for a check."""
        config = cls.__dict__.get("Config")
        cls._settings = {k: v for k, v in vars(config or object).items() if k[:1] != "_"}
        if config is not None:
            cls.Config = type("Config", (pa.DataFrameModel.Config,), {})
        super().__init_subclass__(**kwargs)  # type: ignore[no-untyped-call]


BASES = (Source, Published, Fact, Extension)
