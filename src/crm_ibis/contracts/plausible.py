"""Between which years an instant of a source can be true."""

from typing import Annotated

from pydantic import Field

from crm_ibis.config.files import Record


class PlausibleYears(Record):
    """Which instants of a source can be true: from a year on, up to some years after `as_of`."""

    from_: Annotated[int, Field(alias="from", ge=1, le=9999)] = 1990
    ahead: Annotated[int, Field(ge=0, le=1000)] = 2
