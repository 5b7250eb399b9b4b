"""Import in a separate process: a crash, a hang or a huge file ends only that process."""

import json
import re
import resource
import zipfile
import zlib

import h5py
import numpy as np
import pytest

from digitlab.errors import ModelError
from digitlab.model.keras_import.limits import LIMITS
from digitlab.model.keras_import.sandbox import check_in_sandbox, import_in_sandbox

pytestmark = pytest.mark.tf

FUZZED_FILES = {".h5": 24, ".keras": 10}
"""Number of damaged files for each format; most take 0.3 s, and one on which HDF5 loops 8 s."""


@pytest.fixture
def files(one_layer):
    """The same small model in both formats."""
    return [one_layer(), one_layer(name="model.keras")]


def damaged(whole, rng):
    """Return a file with some bytes cut off, changed, or exchanged by zeros or other parts."""
    data = bytearray(whole)
    action = rng.integers(4)
    if action == 0:
        return bytes(data[: rng.integers(len(data))])
    for place in rng.integers(0, len(data), int(rng.choice([1, 3, 30, 300]))):
        if action == 1:
            data[place] ^= 1 << rng.integers(8)
        elif action == 2:
            data[place] = rng.integers(256)
        else:
            data[place : place + 8] = rng.choice([b"\0" * 8, b"\xff" * 8, b"\x7f" * 8])
    return bytes(data)


def test_damaged_files_are_refused_in_one_line_or_read(files, tmp_path):
    refusals = []
    for path in files:
        whole = path.read_bytes()
        for seed in range(FUZZED_FILES[path.suffix]):
            target = tmp_path / f"{seed}{path.suffix}"
            target.write_bytes(damaged(whole, np.random.default_rng(seed)))
            try:
                check_in_sandbox(target)
            except ModelError as error:
                refusals.append(str(error))
    assert len(refusals) > 10
    for message in refusals:
        assert re.fullmatch(r"\S+ cannot be imported: (it|its) [^\n]+\.", message)
        assert "58 seconds" not in message


def test_a_file_that_takes_too_long_is_refused(one_layer, tmp_path):
    with pytest.raises(ModelError, match="takes more than 0 seconds"):
        import_in_sandbox(one_layer(), tmp_path, seconds=0.001)


def compressed_to_nothing(path):
    """Write weights of 240 MB that are packed in a few kilobytes, as many as are allowed."""
    with h5py.File(path, "r+") as file:
        layer = next(g for g in file["model_weights"].values() if len(g.attrs["weight_names"]))
        name = str(layer.attrs["weight_names"][0])
        del layer[name]
        zeros = np.zeros((3_000, 9_000))
        layer.create_dataset(name, data=zeros, chunks=(100, 9_000), compression="gzip")
    return path


def unpacked_beyond_its_chunk(path):
    """Let a packed chunk of 31 kB unpack to 4 GB."""
    packer = zlib.compressobj(9)
    start = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    data = start + 4095 * block + packer.flush()
    with h5py.File(path, "r+") as file:
        layer = next(g for g in file["model_weights"].values() if len(g.attrs["weight_names"]))
        name = str(layer.attrs["weight_names"][0])
        del layer[name]
        dataset = layer.create_dataset(name, (784, 10), "f4", chunks=(784, 10), compression="gzip")
        dataset.id.write_direct_chunk((0, 0), data)
    return path


def many_layers(path):
    """Let the configuration have 100,000 layers."""
    layers = [{"class_name": "Flatten", "config": {"name": f"{n}"}} for n in range(100_000)]
    config = {"class_name": "Sequential", "config": {"layers": layers}}
    with zipfile.ZipFile(path.with_suffix(".keras"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.write(path, "model.weights.h5")
    return path.with_suffix(".keras")


def many_members(path):
    """Let the archive have 3,000 files."""
    with zipfile.ZipFile(path.with_suffix(".keras"), "w") as archive:
        for n in range(3_000):
            archive.writestr(f"{n}", b"")
    return path.with_suffix(".keras")


def large_member(path):
    """Let one part of the archive unpack to 420 MB."""
    with zipfile.ZipFile(path.with_suffix(".keras"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        with archive.open("model.weights.h5", "w", force_zip64=True) as member:
            for _ in range(420):
                member.write(bytes(10**6))
    return path.with_suffix(".keras")


def nested_groups(path):
    """Let a group contain itself."""
    with h5py.File(path, "w") as file:
        layers = file.create_group("layers")
        for n in range(50):
            layers[f"again{n}"] = layers
    config = {"class_name": "Sequential", "config": {"layers": []}}
    with zipfile.ZipFile(path.with_suffix(".keras"), "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.write(path, "model.weights.h5")
    return path.with_suffix(".keras")


@pytest.mark.parametrize(
    "bomb",
    [
        *(compressed_to_nothing, unpacked_beyond_its_chunk, many_layers, many_members),
        *(large_member, nested_groups),
    ],
)
def test_a_small_file_that_unpacks_to_a_large_one_is_refused(one_layer, out, bomb):
    path = bomb(one_layer())
    assert path.stat().st_size < 20_000_000
    with pytest.raises(ModelError, match="cannot be imported: (it|its) ") as caught:
        import_in_sandbox(path, out)
    assert "\n" not in str(caught.value)
    peak_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # of all so far
    assert peak_kb * 1024 < LIMITS.data_bytes + 600_000_000


def test_an_import_leaves_no_file_beside_the_version(files, out):
    card = import_in_sandbox(files[1], out)
    assert card.source == "model.keras"
    assert {path.name for path in out.iterdir()} == {"card.json", "model.keras", "model.tflite"}


def test_a_refused_import_leaves_an_empty_folder(one_layer, out):
    with pytest.raises(ModelError, match="11 outputs"):
        import_in_sandbox(one_layer(classes=11), out)
    assert list(out.iterdir()) == []
