"""Business assumptions, typed and validated: what params.yml may say.

Weights, probabilities and thresholds are decimals: 0.1 + 0.7 < 0.8 in floats.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)

from crm_ibis.config import project
from crm_ibis.config.calendars import ALWAYS, Calendar, check_names
from crm_ibis.config.overlay import Layered, lay_over
from crm_ibis.config.reporting import Reporting
from crm_ibis.config.sla import Priority, SlaTarget, check_calendars
from crm_ibis.config.validation import explain
from crm_ibis.errors import UsageError

Stage = Literal["lead", "sql", "opportunity", "won", "lost"]
OpenStage = Literal["lead", "sql", "opportunity"]
Component = Literal[
    "compliance_score",
    "pipeline_health",
    "conversion_health",
    "sla_health",
    "satisfaction_health",
]

FILE = "params.yml"
WEIGHT_UNITS = 10_000
"""Weights and probabilities have at most 4 places, so that products with money stay exact."""

Share = Annotated[Decimal, Field(ge=0, le=1, decimal_places=4)]
Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=6)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class StageAssumption(_Record):
    """How likely a lead in a stage is won, and how much of its amount counts."""

    win_probability: Share
    stage_weight: Share


class StageOverride(_Record):
    """What a scenario says about one open stage; what it leaves out stays as it is."""

    win_probability: Share | None = None
    stage_weight: Share | None = None


class Scenario(_Record):
    """A named set of assumptions about the open stages."""

    apply_weighting: bool = True
    probability_multiplier: Annotated[Decimal, Field(ge=0, le=1000, decimal_places=4)] = Decimal(1)
    own_probability: bool = True
    """Whether a lead's own probability replaces that of its stage."""
    stages: dict[OpenStage, StageOverride] = {}


class Thresholds(_Record):
    """Lowest score of each health status; below `fair` it is poor."""

    excellent: Percent
    good: Percent
    fair: Percent

    @model_validator(mode="after")
    def _check_order(self) -> "Thresholds":
        if not self.excellent >= self.good >= self.fair:
            raise ValueError("excellent must not be below good, nor good below fair")
        return self


class Health(_Record):
    """How the health score of a facility is put together."""

    weights: dict[Component, Share]
    pipeline_target: Annotated[Decimal, Field(gt=0, le=10**12, decimal_places=2)]
    conversion_target_pct: Annotated[Percent, Field(gt=0)]
    min_coverage_pct: Percent
    thresholds: Thresholds

    @field_validator("weights")
    @classmethod
    def _whole(cls, weights: dict[str, Decimal]) -> dict[str, Decimal]:
        if sum(weights.values()) != 1:
            raise ValueError(f"must sum to 1, not to {sum(weights.values())}")
        return {name: weights.get(name, Decimal(0)) for name in get_args(Component)}


class DealQueue(_Record):
    """After how many days without activity an open deal is cooling, and stale."""

    stale_days: Annotated[int, Field(gt=0, le=36_500)]
    cooling_days: Annotated[int, Field(gt=0, le=36_500)]

    @model_validator(mode="after")
    def _check_order(self) -> "DealQueue":
        if self.cooling_days >= self.stale_days:
            raise ValueError(
                f"cooling_days must be below stale_days, not {self.cooling_days} and "
                f"{self.stale_days}"
            )
        return self


@dataclass(frozen=True)
class _Origin:
    """Where the parameters stand; the same values of other files are equal."""

    layered: Layered = field(default_factory=Layered, compare=False)


class Params(_Record):
    """All business assumptions of a run."""

    stages: dict[Stage, StageAssumption]
    scenarios: dict[str, Scenario]
    sla: dict[Priority, SlaTarget]
    calendars: dict[str, Calendar] = {}
    default_calendar: str = ALWAYS
    cohort_months: Annotated[int, Field(ge=1, le=120)]
    compliance_threshold: Percent
    health: Health
    deal_queue: DealQueue
    reporting: Reporting = Field(default_factory=Reporting)
    _origin: _Origin = PrivateAttr(default_factory=_Origin)

    @field_validator("stages", "sla")
    @classmethod
    def _complete(cls, given: dict[str, Any], info: Any) -> dict[str, Any]:
        expected = get_args(Stage if info.field_name == "stages" else Priority)
        if missing := [name for name in expected if name not in given]:
            raise ValueError(f"lacks {', '.join(missing)}")
        return {name: given[name] for name in expected}

    @field_validator("scenarios")
    @classmethod
    def _has_base(cls, scenarios: dict[str, Scenario]) -> dict[str, Scenario]:
        if "base" not in scenarios:
            raise ValueError('lacks "base", which health scores are computed from')
        return scenarios

    @field_validator("calendars")
    @classmethod
    def _check_names(cls, calendars: dict[str, Calendar]) -> dict[str, Calendar]:
        check_names(calendars)
        return calendars

    @model_validator(mode="after")
    def _check_calendars(self) -> "Params":
        check_calendars(self.sla, self.calendars, self.default_calendar)
        return self

    @model_validator(mode="after")
    def _check_scenarios(self) -> "Params":
        ladder = [name for name in ("worst", "base", "best") if name in self.scenarios]
        for lower, higher in pairwise(ladder):
            for stage in self.stages:
                if self.factor(lower, stage) > self.factor(higher, stage):
                    raise ValueError(
                        f"scenarios: {lower} is above {higher} in stage {stage}: "
                        f"{self.factor(lower, stage)} > {self.factor(higher, stage)}"
                    )
            self._refuse_unordered_leads(lower, higher)
        return self

    def _refuse_unordered_leads(self, lower: str, higher: str) -> None:
        """Raises ValueError where a lead's own probability could turn the order around."""
        asking = [self.scenarios[name].own_probability for name in (lower, higher)]
        if asking[0] != asking[1]:
            raise ValueError(
                f"scenarios: {lower} and {higher} must agree on own_probability, or {lower} could "
                f"be above {higher}; for another view, add a scenario of another name"
            )
        if not asking[0]:
            return
        # Both are lines up to where their multiplier reaches 1, and flat from there on.
        multipliers = [self.scenarios[name].probability_multiplier for name in (lower, higher)]
        corners = {Fraction(1), *(1 / Fraction(m) for m in multipliers if m > 1)}
        for stage in get_args(OpenStage):
            for own in sorted(corners):
                if self._own_factor(lower, stage, own) > self._own_factor(higher, stage, own):
                    raise ValueError(
                        f"scenarios: {lower} is above {higher} in stage {stage} for a lead with a "
                        f"win_probability of its own, such as {float(own):.4g}"
                    )

    def _own_factor(self, scenario: str, stage: Stage, own: Fraction) -> Fraction:
        """What one unit of amount of a lead with a probability of its own is worth."""
        chosen = self.scenarios[scenario]
        probability = min(Fraction(1), own * Fraction(chosen.probability_multiplier))
        weight = self.assumption(scenario, stage).stage_weight if chosen.apply_weighting else 1
        return probability * Fraction(weight)

    def assumption(self, scenario: str, stage: Stage) -> StageAssumption:
        """Win probability and stage weight of a stage in a scenario, before weighting is toggled.

        Overrides of the scenario replace the default first, then its multiplier scales the open
        stages' probability, capped at 1. Won and lost are facts and never rescaled.
        """
        given = self.stages[stage]
        if stage == "won" or stage == "lost":
            return given
        chosen = self.scenarios[scenario]
        override = chosen.stages.get(stage) or StageOverride()
        probability = given.win_probability
        if override.win_probability is not None:
            probability = override.win_probability
        weight = given.stage_weight
        if override.stage_weight is not None:
            weight = override.stage_weight
        return StageAssumption.model_construct(
            win_probability=min(Decimal(1), probability * chosen.probability_multiplier),
            stage_weight=weight,
        )

    @property
    def layered(self) -> Layered:
        """What the files say, one laid over the other, and where each value stands."""
        return self._origin.layered

    def factor(self, scenario: str, stage: Stage) -> Decimal:
        """What one unit of amount in a stage is worth in a scenario."""
        stage_assumption = self.assumption(scenario, stage)
        if not self.scenarios[scenario].apply_weighting:
            return stage_assumption.win_probability
        return stage_assumption.win_probability * stage_assumption.stage_weight


_SHIPPED = frozenset(Params.model_fields)


def load_params(path: Path | None = None) -> Params:
    """The shipped assumptions, overridden by params.yml of the project folder, then by `path`.

    A team's own parameters are attributes of the names of its modules in metrics/, as they are
    given. Raises UsageError naming the file, the line and the key when something is unknown or
    impossible.
    """
    layered = layered_params(path)
    kind = _with_own_keys(tuple(module.stem for module in project.own_modules()))
    try:
        params = kind.model_validate(layered.values)
        params._origin = _Origin(layered)
        return params
    except ValidationError as error:
        first = layered.place_of(error.errors()[0]["loc"])
        where = first.path if first else path or project.layers(FILE)[-1]
        raise UsageError(
            f"parameters in {where} are not valid:\n{explain(error, kind, layered)}"
        ) from None


def may_hold_params(module: str) -> bool:
    """Whether params.yml can hold a module's own parameters: its name means nothing else there."""
    return module.isidentifier() and not hasattr(Params, module) and module not in _SHIPPED


@cache
def _with_own_keys(modules: tuple[str, ...]) -> type[Params]:
    """The assumptions with a mapping of the name of each own module, which that validates."""
    keys: dict[str, Any] = {m: (dict[str, Any], {}) for m in modules if may_hold_params(m)}
    return create_model("Params", __base__=Params, **keys) if keys else Params


def layered_params(path: Path | None = None) -> Layered:
    """What the parameter files say, one laid over the other, and where each value stands."""
    if path is not None and not path.is_file():
        raise UsageError(
            f"cannot read the parameter file {path}: it is not there or no file; check --params "
            "and CRM_IBIS_PARAMS"
        )
    return lay_over([*project.layers(FILE), *([path] if path is not None else [])])
