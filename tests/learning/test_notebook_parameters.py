"""The notebook's parameters are read from its global names before anything heavy loads."""

import math
import subprocess
import sys

import pytest

from digitlab.errors import ParameterError
from digitlab.learning import FineTune
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.notebook_parameters import read_notebook_parameters

OTHER_NAMES = {  # global names of a kernel that are not parameters
    "__name__": "__main__",
    "_": 42,
    "_dh": ["/somewhere"],
    "In": ["", "seed = 1"],
    "Out": {1: 2},
    "get_ipython": lambda: None,
    "math": math,
    "FineTune": FineTune,
}


def test_parameters_are_distinguished_from_a_kernels_other_names():
    parameters = read_notebook_parameters(OTHER_NAMES | {"seed": 3, "alphas": [0.5]})
    assert parameters.config == FineTuneConfig(seed=3, alphas=(0.5,))
    assert (parameters.home, parameters.run, parameters.evaluate_on) == (None, None, None)


def test_home_run_and_evaluate_on_are_not_part_of_the_configuration():
    of_run = {"home": "/data/digits", "run": "monday", "evaluate_on": "mnist:test"}
    parameters = read_notebook_parameters(OTHER_NAMES | of_run)
    assert parameters.config == FineTuneConfig()
    assert (parameters.home, parameters.run, parameters.evaluate_on) == (
        "/data/digits",
        "monday",
        "mnist:test",
    )


def test_an_unknown_parameter_is_an_error_that_names_it():
    with pytest.raises(ParameterError, match="no parameter 'sed'; did you mean 'seed'") as caught:
        read_notebook_parameters(OTHER_NAMES | {"seed": 1, "sed": 1})
    assert caught.value.parameter == "sed"


@pytest.mark.parametrize("name", ["home", "run", "evaluate_on"])
def test_a_home_run_or_data_set_that_is_not_text_is_an_error_that_names_it(name):
    with pytest.raises(ParameterError, match=f"{name} is a text or None; got 3") as caught:
        read_notebook_parameters({name: 3})
    assert caught.value.parameter == name


def test_a_parameter_that_is_a_module_is_an_error():
    with pytest.raises(ParameterError, match="^steps is a whole number"):
        read_notebook_parameters({"steps": math})


def test_a_notebook_can_run_a_second_time_in_the_same_kernel():
    assert (
        read_notebook_parameters(OTHER_NAMES | {"fine_tune": object()}).config == FineTuneConfig()
    )


def test_a_wrong_parameter_is_an_error_before_tensorflow_loads_and_a_home_is_created(tmp_path):
    code = (
        "import sys\n"
        "from digitlab.errors import ParameterError\n"
        "from digitlab.learning import FineTune\n"
        f"home, sed = {str(tmp_path / 'home')!r}, 1\n"
        "try:\n"
        "    FineTune.from_notebook(globals())\n"
        "except ParameterError as error:\n"
        "    print(error.parameter, [m for m in ('tensorflow', 'keras') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "sed []\n"
    assert not (tmp_path / "home").exists()


def test_a_missing_data_set_is_an_error_before_anything_runs(tmp_path):
    with pytest.raises(ParameterError, match=r"there is no '.*missing\.csv'") as caught:
        read_notebook_parameters({"evaluate_on": str(tmp_path / "missing.csv")})
    assert caught.value.parameter == "evaluate_on"
