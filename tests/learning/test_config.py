"""FineTuneConfig: its parameters are checked by name, from text, from JSON and from Python."""

import dataclasses
import json

import pytest

from digitlab.errors import ParameterError
from digitlab.learning.config import TYPES, FineTuneConfig, check_names, parse


def test_nothing_given_is_the_defaults():
    assert FineTuneConfig.of({}) == FineTuneConfig()


def test_what_is_given_takes_the_place_of_a_default():
    config = FineTuneConfig.of({"seed": 7})
    assert config == dataclasses.replace(FineTuneConfig(), seed=7)


def test_an_unknown_parameter_is_named_with_the_one_that_was_meant():
    with pytest.raises(ParameterError, match="no parameter 'sed'; did you mean 'seed'") as caught:
        FineTuneConfig.of({"sed": 1})
    assert caught.value.parameter == "sed"


def test_an_unknown_parameter_like_none_is_answered_with_all_there_are():
    with pytest.raises(ParameterError) as caught:
        check_names(["zzz"])
    assert "did you mean" not in str(caught.value)
    assert all(name in str(caught.value) for name in TYPES)


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
def test_a_value_of_another_type_is_refused_by_name(name, value):
    with pytest.raises(ParameterError, match=f"^{name} is ") as caught:
        FineTuneConfig.of({name: value})
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
def test_a_value_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(ParameterError, match=f"^{name}=.* is out of range; expected ") as caught:
        FineTuneConfig.of({name: value})
    assert caught.value.parameter == name


def test_a_whole_number_is_taken_for_a_number():
    rate = FineTuneConfig(rotation=3).rotation
    assert (rate, type(rate)) == (3.0, float)


def test_a_list_of_alphas_is_taken_for_a_tuple():
    assert FineTuneConfig.of({"alphas": [0.5, 1]}).alphas == (0.5, 1.0)


def test_a_configuration_goes_through_json_and_back():
    config = FineTuneConfig(seed=3, alphas=(0.25, 0.5), worn=0)
    assert FineTuneConfig.of(json.loads(json.dumps(config.to_dict()))) == config


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
    found = parse(name, text)
    assert (found, type(found)) == (value, type(value))


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
def test_text_that_is_no_value_of_the_parameter_is_refused_by_name(name, text):
    with pytest.raises(ParameterError, match=name) as caught:
        parse(name, text)
    assert caught.value.parameter == name


def test_the_class_says_what_each_parameter_is():
    told = FineTuneConfig.__doc__ or ""
    assert [name for name in TYPES if f"\n        {name}: " not in told] == []
