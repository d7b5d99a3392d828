"""What leads are worth in a scenario: by the probability of their stage, or by one of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import get_args

import ibis
import ibis.expr.types as ir
from ibis import Table, _

from crm_ibis.measures import exact_float, ratio, weighted_pipeline_value, when
from crm_ibis.params import OpenStage, Params

PROBABILITY = "decimal(38, 8)"
WEIGHT = "decimal(38, 4)"
MULTIPLIER = "decimal(38, 6)"
OWN = "decimal(38, 10)"
"""Of a probability with 6 places times a multiplier with 4."""


def by_stage(
    leads: Table, grain: list[str], params: Params, scenarios: Sequence[str] = ()
) -> Table:
    """What the leads of a group are worth in total, a row for each of their stages.

    Of the leads with a probability of their own: the lowest and the highest, and what they are
    worth at it under each multiplier of the named scenarios, or all. Of those without: how many
    they are, and what they are worth in total.
    """
    given = leads.mutate(own=_own_probability(leads))
    return given.group_by([*grain, "stage"]).agg(
        deal_count=_.count(),
        amount=_.amount.sum(),
        others=_.count(where=_.own.isnull()),
        others_amount=_.amount.sum(where=_.own.isnull()).fill_null(0),
        lowest_own=_.own.min(),
        highest_own=_.own.max(),
        **{
            _worth(multiplier): (_.amount * _scaled(_.own, multiplier)).sum().fill_null(0)
            for multiplier in _multipliers(params, scenarios or list(params.scenarios))
        },
    )


def _own_probability(leads: Table) -> ir.DecimalValue:
    """A lead's own probability of being won, while it is open: won and lost are facts."""
    return when(leads.stage.isin(get_args(OpenStage)), leads.win_probability)


@dataclass(frozen=True)
class Forecast:
    """The assumptions of a scenario about the rows of `by_stage`."""

    totals: Table
    params: Params
    scenario: str

    @property
    def stage_probability(self) -> ir.DecimalValue:
        """How likely leads without a probability of their own are won."""
        return self._of_stage("win_probability", PROBABILITY)

    @property
    def stage_weight(self) -> ir.DecimalValue:
        """How much of an amount counts."""
        return self._of_stage("stage_weight", WEIGHT)

    @property
    def value(self) -> ir.DecimalValue:
        """The weighted value, exact."""
        weighting = self.params.scenarios[self.scenario].apply_weighting
        at_stage = weighted_pipeline_value(
            self._amount_at_stage, self.stage_probability, self.stage_weight, weighting
        )
        if not self._asks_own:
            return at_stage
        # An integer, as a decimal 1 would add its places to the product's.
        certain = ibis.literal(1)
        at_own = weighted_pipeline_value(self._worth_at_own, certain, self.stage_weight, weighting)
        return at_stage + at_own

    @property
    def win_probability(self) -> ir.FloatingValue:
        """The probability that all leads of a row have, else the mean by amount.

        Null where it differs and the amounts are 0 in total.
        """
        at_stage = self.stage_probability
        if not self._asks_own:
            return at_stage.cast("float64")
        totals = self.totals
        stage = when(totals.others > 0, at_stage.cast(OWN))
        lowest = ibis.least(self._own(totals.lowest_own), stage)
        highest = ibis.greatest(self._own(totals.highest_own), stage)
        worth = totals.others_amount * at_stage + self._worth_at_own
        mean = ratio(exact_float(worth), exact_float(totals.amount))
        return ibis.ifelse(lowest == highest, lowest.cast("float64"), mean)

    @property
    def _asks_own(self) -> bool:
        return self.params.scenarios[self.scenario].own_probability

    @property
    def _amount_at_stage(self) -> ir.DecimalValue:
        return self.totals.others_amount if self._asks_own else self.totals.amount

    @property
    def _worth_at_own(self) -> ir.DecimalValue:
        return self.totals[_worth(self._multiplier)]

    @property
    def _multiplier(self) -> Decimal:
        return self.params.scenarios[self.scenario].probability_multiplier

    def _own(self, probability: ir.DecimalValue) -> ir.DecimalValue:
        return _scaled(probability, self._multiplier)

    def _of_stage(self, assumption: str, dtype: str) -> ir.DecimalValue:
        stages = {s: self.params.assumption(self.scenario, s) for s in self.params.stages}
        return self.totals.stage.cases(
            *((s, ibis.literal(getattr(a, assumption), dtype)) for s, a in stages.items())
        )


def _scaled(probability: ir.DecimalValue, multiplier: Decimal) -> ir.DecimalValue:
    """A probability times a multiplier, at most 1; null for null."""
    scaled = (probability * ibis.literal(multiplier, MULTIPLIER)).cast(OWN)
    return ibis.ifelse(scaled > 1, ibis.literal(Decimal(1), OWN), scaled)


def _multipliers(params: Params, scenarios: Sequence[str]) -> list[Decimal]:
    """The different multipliers of scenarios that ask for a lead's own probability."""
    asking = [s for name in scenarios if (s := params.scenarios[name]).own_probability]
    return list(dict.fromkeys(s.probability_multiplier.normalize() for s in asking))


def _worth(multiplier: Decimal) -> str:
    return f"own_amount_x_{multiplier.normalize():f}".replace(".", "_")
