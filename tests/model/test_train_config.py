"""TrainConfig: parameters are checked."""

import dataclasses

import pytest

from digitlab.model.train_config import TrainConfig


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 0},
        {"batch_size": 1},
        {"dropout": 1.0},
        {"worn": 2},
        {"synthetic_digits": -1},
        {"rare_shapes": 1.5},
        {"pixel_drawings": -0.1},
        {"photographed": 5},
        {"label_smoothing": 1.0},
        {"weight_average": 1.0},
        {"distillation": 2},
        {"distillation_temperature": 0},
        {"images": 5},
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        dataclasses.replace(TrainConfig(images=512, batch_size=32), **change)
