"""The parameters of a team's own modules: what params.yml says under the name of each."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

from pydantic import AliasChoices, AliasPath, BaseModel, ValidationError, create_model
from pydantic.fields import FieldInfo

from crm_ibis.config.params import Params, may_hold_params
from crm_ibis.config.validation import explain
from crm_ibis.contracts.own_modules import Problem
from crm_ibis.errors import UsageError, near_match


def validated(module: str, model: type[BaseModel], params: Params) -> BaseModel:
    """The parameters of a module; raises UsageError naming file, line and key of what is wrong.

    A key that the model does not have is wrong too, unless the model itself says what becomes of
    such keys (`extra` of its `model_config`).
    """
    given = getattr(params, module, {})
    keys: dict[str, Any] = {module: (model, ...)}
    kind = create_model("Given", **keys)
    try:
        found = cast(BaseModel, getattr(kind.model_validate({module: given}), module))
    except ValidationError as error:
        raise _not_valid(module, explain(error, kind, params.layered)) from None
    unknown = list(_unknown_keys(given, found, (module,)))
    if unknown:
        lines = [f"  {words} ({params.layered.place_of(key)})" for key, words in unknown]
        raise _not_valid(module, "\n".join(lines))
    return found


def _not_valid(module: str, lines: str) -> UsageError:
    return UsageError(
        f"the parameters of metrics/{module}.py, under {module} in params.yml, are not valid:\n"
        f"{lines}"
    )


def without_model(params: Params, modules: Iterable[str]) -> list[Problem]:
    """What params.yml says under the names of modules that have no parameters."""
    said = [module for module in modules if may_hold_params(module) and getattr(params, module)]
    return [
        Problem(
            f"{module}: metrics/{module}.py has no parameters; write `class Params(BaseModel)` in "
            "it, or delete the key",
            params.layered.place_of([module]),
        )
        for module in said
    ]


def _unknown_keys(
    given: Any, found: Any, at: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """The keys that no model has, each with what is wrong, in all that was validated."""
    if isinstance(found, BaseModel) and isinstance(given, dict):
        fields = _fields_by_key(type(found))
        for key, value in given.items():
            way = (*at, str(key))
            if key in fields:
                yield from _unknown_keys(value, getattr(found, fields[key]), way)
            elif "extra" not in type(found).model_config:
                yield way, f"{'.'.join(way)}: unknown key{near_match(str(key), fields)}"
    elif isinstance(found, dict) and isinstance(given, dict):
        for key, value in given.items():
            yield from _unknown_keys(value, found.get(key), (*at, str(key)))
    elif isinstance(found, list | tuple) and isinstance(given, list):
        for value, inner in zip(given, found, strict=False):
            yield from _unknown_keys(value, inner, at)


def _fields_by_key(model: type[BaseModel]) -> dict[str, str]:
    """The field that each key of YAML goes to."""
    found = {}
    for name, declared in model.model_fields.items():
        for key in (name, *_aliases(declared)):
            found[key] = name
    return found


def _aliases(declared: FieldInfo) -> Iterator[str]:
    alias = declared.validation_alias
    for choice in alias.choices if isinstance(alias, AliasChoices) else [alias]:
        first = choice.path[0] if isinstance(choice, AliasPath) else choice
        if isinstance(first, str):
            yield first
