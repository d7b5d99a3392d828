"""The column types that contracts are written with."""

from crm_ibis.contracts.types import Count as Count
from crm_ibis.contracts.types import Day as Day
from crm_ibis.contracts.types import Exact as Exact
from crm_ibis.contracts.types import Flag as Flag
from crm_ibis.contracts.types import Instant as Instant
from crm_ibis.contracts.types import Money as Money
from crm_ibis.contracts.types import Number as Number
from crm_ibis.contracts.types import Rate as Rate
from crm_ibis.contracts.types import Text as Text
