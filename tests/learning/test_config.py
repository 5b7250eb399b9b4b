"""FineTuneConfig checks its parameters from text, from JSON and from Python."""

import dataclasses
import json

import pytest

from digitlab.errors import ParameterError
from digitlab.learning.config import (
    PARAMETER_TYPES,
    FineTuneConfig,
    check_parameter_names,
    parse_parameter,
)


def test_without_parameters_all_defaults_apply():
    assert FineTuneConfig.from_dict({}) == FineTuneConfig()


def test_a_given_parameter_replaces_its_default():
    config = FineTuneConfig.from_dict({"seed": 7})
    assert config == dataclasses.replace(FineTuneConfig(), seed=7)


def test_an_unknown_parameter_is_named_with_the_closest_one():
    with pytest.raises(ParameterError, match="no parameter 'sed'; did you mean 'seed'") as caught:
        FineTuneConfig.from_dict({"sed": 1})
    assert caught.value.parameter == "sed"


def test_an_unknown_parameter_unlike_all_others_lists_every_parameter():
    with pytest.raises(ParameterError) as caught:
        check_parameter_names(["zzz"])
    assert "did you mean" not in str(caught.value)
    assert all(name in str(caught.value) for name in PARAMETER_TYPES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", None),
        ("steps", 80.0),
        ("steps", True),
        ("learning_rate", "fast"),
        ("learning_rate", 10**400),
        ("worn", False),
        ("alphas", 0.5),
        ("alphas", ["half"]),
        ("alphas", [True]),
        ("alphas", [10**400]),
    ],
)
def test_a_value_of_the_wrong_type_is_an_error_that_names_the_parameter(name, value):
    with pytest.raises(ParameterError, match=f"^{name} is ") as caught:
        FineTuneConfig.from_dict({name: value})
    assert caught.value.parameter == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", -1),
        ("seed", 2**32),
        ("steps", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("examples", 0),
        ("replay", 19),
        ("rotation", -1.0),
        ("shear", float("inf")),
        ("scale", 1.0),
        ("shift", float("nan")),
        ("elastic", -0.1),
        ("worn", 1.1),
        ("alphas", []),
        ("alphas", [0.0, 0.5]),
        ("alphas", [0.5, 1.1]),
        ("alphas", [0.5, 0.2]),
        ("alphas", [0.2, 0.2]),
        ("check_from", 4),
        ("check_share", 0.6),
        ("largest_share", 0.1),
        ("threads", 0),
    ],
)
def test_a_value_out_of_range_is_an_error_that_names_the_parameter(name, value):
    with pytest.raises(ParameterError, match=f"^{name}=.* is out of range; expected ") as caught:
        FineTuneConfig.from_dict({name: value})
    assert caught.value.parameter == name


def test_a_whole_number_is_converted_to_a_float():
    rate = FineTuneConfig(rotation=3).rotation
    assert (rate, type(rate)) == (3.0, float)


def test_a_list_of_alphas_is_converted_to_a_tuple():
    assert FineTuneConfig.from_dict({"alphas": [0.5, 1]}).alphas == (0.5, 1.0)


def test_a_configuration_survives_a_round_trip_through_json():
    config = FineTuneConfig(seed=3, alphas=(0.25, 0.5), worn=0)
    assert FineTuneConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("steps", "12", 12),
        ("learning_rate", "1e-3", 0.001),
        ("learning_rate", "1", 1.0),
        ("alphas", "0.2, 0.4", (0.2, 0.4)),
        ("alphas", "[0.2,0.4]", (0.2, 0.4)),
        ("alphas", "0.5", (0.5,)),
    ],
)
def test_text_from_a_command_line_becomes_the_value_of_the_parameter(name, text, value):
    parsed = parse_parameter(name, text)
    assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("steps", "many"),
        ("steps", "1.5"),
        ("steps", ""),
        ("learning_rate", "true"),
        ("alphas", "0.2,,0.4"),
        ("alphas", ""),
        ("sed", "1"),
    ],
)
def test_text_that_is_not_a_value_of_the_parameter_is_an_error_that_names_it(name, text):
    with pytest.raises(ParameterError, match=name) as caught:
        parse_parameter(name, text)
    assert caught.value.parameter == name


def test_the_docstring_of_the_class_describes_each_parameter():
    docstring = FineTuneConfig.__doc__ or ""
    assert [name for name in PARAMETER_TYPES if f"\n        {name}: " not in docstring] == []
