"""The notebook's parameters among its global names, checked before anything heavy is loaded."""

import math
import subprocess
import sys

import pytest

from digitlab.errors import ParameterError
from digitlab.learning import FineTune
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.notebook_parameters import from_notebook

AROUND = {  # what a kernel has beside them
    "__name__": "__main__",
    "_": 42,
    "_dh": ["/somewhere"],
    "In": ["", "seed = 1"],
    "Out": {1: 2},
    "get_ipython": lambda: None,
    "math": math,
    "FineTune": FineTune,
}


def test_parameters_are_told_from_a_kernels_other_names():
    found = from_notebook(AROUND | {"seed": 3, "alphas": [0.5]})
    assert found.config == FineTuneConfig(seed=3, alphas=(0.5,))
    assert (found.home, found.run, found.evaluate_on) == (None, None, None)


def test_the_place_of_a_run_is_no_part_of_its_configuration():
    place = {"home": "/data/digits", "run": "monday", "evaluate_on": "mnist:test"}
    found = from_notebook(AROUND | place)
    assert found.config == FineTuneConfig()
    assert (found.home, found.run, found.evaluate_on) == ("/data/digits", "monday", "mnist:test")


def test_a_parameter_that_does_not_exist_is_named():
    with pytest.raises(ParameterError, match="no parameter 'sed'; did you mean 'seed'") as caught:
        from_notebook(AROUND | {"seed": 1, "sed": 1})
    assert caught.value.parameter == "sed"


@pytest.mark.parametrize("name", ["home", "run", "evaluate_on"])
def test_a_place_that_is_no_text_is_refused_by_name(name):
    with pytest.raises(ParameterError, match=f"{name} is a text or None; got 3") as caught:
        from_notebook({name: 3})
    assert caught.value.parameter == name


def test_a_parameter_that_a_name_of_a_module_hides_is_refused():
    with pytest.raises(ParameterError, match="^steps is a whole number"):
        from_notebook({"steps": math})


def test_a_notebook_may_be_run_again_in_the_kernel_that_ran_it():
    assert from_notebook(AROUND | {"fine_tune": object()}).config == FineTuneConfig()


def test_a_wrong_parameter_is_refused_before_tensorflow_loads_and_a_home_is_made(tmp_path):
    code = (
        "import sys\n"
        "from digitlab.errors import ParameterError\n"
        "from digitlab.learning import FineTune\n"
        f"home, sed = {str(tmp_path / 'home')!r}, 1\n"
        "try:\n"
        "    FineTune.begin(globals())\n"
        "except ParameterError as error:\n"
        "    print(error.parameter, [m for m in ('tensorflow', 'keras') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "sed []\n"
    assert not (tmp_path / "home").exists()


def test_a_data_set_that_is_not_there_is_refused_before_anything_runs(tmp_path):
    with pytest.raises(ParameterError, match=r"there is no '.*missing\.csv'") as caught:
        from_notebook({"evaluate_on": str(tmp_path / "missing.csv")})
    assert caught.value.parameter == "evaluate_on"
