"""The network in a SavedModel folder, as plain data.

A SavedModel is a program: its operations may read and write files. So nothing in it runs.
TensorFlow parses its file and reads its variables. The operations of its serving function that are
listed here become layers, as those of a Keras configuration do; every other one is refused.
"""

from __future__ import annotations

import dataclasses
import math
import os
import stat
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.model.keras_import.file import Weights
from digitlab.model.keras_import.graph import INPUT, Graph, Node, without_output_activation
from digitlab.model.keras_import.layers import UnsupportedModelError
from digitlab.model.keras_import.limits import LIMITS

_CALLS: Final = ("StatefulPartitionedCall", "PartitionedCall")

_SAME: Final = frozenset(
    {
        *("Cast", "EnsureShape", "Identity", "PreventGradient", "ReadVariableOp", "Snapshot"),
        "StopGradient",
    }
)
"""Operations that change no value."""

_ACTIVATIONS: Final = {
    "Elu": "elu",
    "Selu": "selu",
    "Sigmoid": "sigmoid",
    "Softmax": "softmax",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
    "LogSoftmax": "log_softmax",
}

_MERGES: Final = {
    "Add": "Add",
    "AddV2": "Add",
    "Mul": "Multiply",
    "Sub": "Subtract",
    "Maximum": "Maximum",
    "Minimum": "Minimum",
}
"""Operations of two tensors, and Keras's layers."""

_ARITHMETIC: Final[dict[str, Callable[..., Any]]] = {
    "Add": np.add,
    "AddV2": np.add,
    "BiasAdd": np.add,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "Mul": np.multiply,
    "Neg": np.negative,
    "RealDiv": np.divide,
    "Rsqrt": lambda x: 1 / np.sqrt(x),
    "Sqrt": np.sqrt,
    "Square": np.square,
    "Sub": np.subtract,
}
"""Operations of constants."""


@dataclass(frozen=True)
class _Tensor:
    """The output of a node, or `INPUT`."""

    name: str


@dataclass(frozen=True)
class _ShapeOf:
    """The shape of a tensor, whose first size is the number of images."""


Value = NDArray[Any] | _Tensor | _ShapeOf


def is_saved_model(path: Path) -> bool:
    """Return whether a path is a SavedModel folder."""
    return (path / "saved_model.pb").is_file()


def read_saved_model(folder: Path) -> tuple[Graph, Weights]:
    """Return the network of a SavedModel and its weights; this loads TensorFlow.

    Args:
        folder: as `model.export` of Keras 3, `model.save` of Keras 2, or `tf.saved_model.save`
            wrote it.

    Raises:
        UnsupportedModelError: it has no serving function of one image and ten scores, or an
            operation that is not imported.
    """
    _check_files(folder)
    try:
        return _Reader(folder).read()
    except (UnsupportedModelError, MemoryError):
        raise
    except Exception as error:  # TensorFlow raises many types for damaged bytes
        text = " ".join(str(error).split())[:200]
        raise UnsupportedModelError(
            f"its SavedModel cannot be read ({type(error).__name__}: {text}); {_advice(folder)}"
        ) from error


def _check_files(folder: Path) -> None:
    """Refuse pipes and devices in a folder, and a folder that is too large."""
    total = n_files = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            status = (Path(parent) / name).stat()
            if not stat.S_ISREG(status.st_mode):
                raise UnsupportedModelError(f"its {name} is no regular file")
            total += status.st_size
            n_files += 1
            if total > LIMITS.file_bytes or n_files > LIMITS.archive_members:
                raise UnsupportedModelError(
                    f"its folder is too large; expected at most {LIMITS.file_bytes:,} bytes"
                )


def _advice(folder: Path) -> str:
    """Return the command that converts a SavedModel."""
    if (folder / "keras_metadata.pb").is_file():
        return (
            'convert it with `python -c "import tf_keras; '
            f"tf_keras.models.load_model('{folder}').save('model.h5')\"`, and import model.h5"
        )
    return 'call model.save("model.keras") in the program that trained it, and import that file'


class _Reader:
    """Translates the serving function of one SavedModel.

    Attributes:
        nodes: the layers so far.
        weights: their weights.
    """

    def __init__(self, folder: Path) -> None:
        from tensorflow.core.protobuf import saved_model_pb2

        self._folder = folder
        self.nodes: dict[str, Node] = {}
        self.weights: Weights = {}
        self._remaining = LIMITS.weights
        self._affine_layers: dict[str, tuple[NDArray[Any], NDArray[Any]]] = {}
        self._operations = 0
        self._input_shape: tuple[int | None, ...] = ()
        saved = saved_model_pb2.SavedModel()
        saved.ParseFromString((folder / "saved_model.pb").read_bytes())
        graphs = [graph for graph in saved.meta_graphs if "serve" in graph.meta_info_def.tags]
        if not graphs:
            raise UnsupportedModelError(f"its SavedModel has no part to serve; {_advice(folder)}")
        self._meta_graph = graphs[0]
        library = self._meta_graph.graph_def.library.function
        self._functions = {function.signature.name: function for function in library}
        self._variables = _VariableReader(folder)

    def read(self) -> tuple[Graph, Weights]:
        """Return the network and its weights."""
        signatures = self._meta_graph.signature_def
        if "serving_default" not in signatures:
            raise UnsupportedModelError(
                f"its SavedModel has no signature serving_default; {_advice(self._folder)}"
            )
        signature = signatures["serving_default"]
        if len(signature.inputs) != 1:
            raise UnsupportedModelError(f"it has {len(signature.inputs)} inputs; expected one")
        if len(signature.outputs) != 1:
            raise UnsupportedModelError(f"it has {len(signature.outputs)} outputs; expected one")
        (entry,), (exit_,) = signature.inputs.values(), signature.outputs.values()
        sizes = [int(size.size) for size in entry.tensor_shape.dim]
        self._input_shape = tuple(None if size < 0 else size for size in sizes[1:])
        nodes = list(self._meta_graph.graph_def.node)
        arguments: dict[str, Value] = {_node_name(entry.name): _Tensor(INPUT)}
        wanted = _node_name(exit_.name)
        self._bind_variables(next(node for node in nodes if node.name == wanted))
        (output,) = self._evaluate(nodes, arguments, [wanted], prefix="", depth=0)
        if not isinstance(output, _Tensor):
            raise UnsupportedModelError("its output does not depend on its input")
        last = self._fold_affine_layers(output.name)
        return without_output_activation(self._input_shape, self.nodes, last), self.weights

    def _bind_variables(self, call: Any) -> None:
        """Assign the variables that the serving function captures to its operations.

        Keras 3 writes some variables twice, so that their names do not identify them.
        """
        objects = self._meta_graph.object_graph_def
        function = objects.concrete_functions.get(call.attr["f"].func.name)
        captured = [] if function is None else list(function.bound_inputs)
        inputs = [_node_name(name) for name in call.input if not name.startswith("^")]
        for name, number in zip(inputs[len(inputs) - len(captured) :], captured, strict=True):
            if objects.nodes[number].WhichOneof("kind") == "variable":
                self._variables.bind(name, number, objects.nodes[number].variable.name)

    def _evaluate(
        self,
        operations: list[Any],
        values: dict[str, Value],
        wanted: list[str],
        *,
        prefix: str,
        depth: int,
    ) -> list[Value]:
        """Evaluate the operations that `wanted` values need; return these values."""
        if depth > 20:
            raise UnsupportedModelError("its functions call each other over 20 deep")
        by_name = {operation.name: operation for operation in operations}
        pending = [*wanted]
        opened: set[str] = set()
        while pending:
            name = pending[-1]
            if name in values:
                pending.pop()
                continue
            operation = by_name[name]
            inputs = [_node_name(i) for i in operation.input if not i.startswith("^")]
            missing = [i for i in inputs if i not in values]
            if operation.op == "VarHandleOp":
                values[name] = self._variable(operation)
            elif not missing:
                arguments = [values[i] for i in inputs]
                values[name] = self._operate(operation, arguments, f"{prefix}{name}", depth)
            elif name in opened:
                raise UnsupportedModelError(f"its operation {name!r} takes its own output")
            else:
                opened.add(name)
                pending += missing
        return [values[name] for name in wanted]

    def _call(self, operation: Any, inputs: list[Value], prefix: str, depth: int) -> Value:
        function = self._functions[operation.attr["f"].func.name]
        names = [argument.name for argument in function.signature.input_arg]
        outputs = [_node_name(function.ret[arg.name]) for arg in function.signature.output_arg]
        if len(outputs) != 1:
            raise UnsupportedModelError(f"its function {operation.name!r} has several outputs")
        arguments = dict(zip(names, inputs, strict=True))
        body = list(function.node_def)
        return self._evaluate(body, arguments, outputs, prefix=f"{prefix}/", depth=depth + 1)[0]

    def _variable(self, operation: Any) -> NDArray[Any]:
        name = operation.attr["shared_name"].s.decode() or operation.name
        shape, read = self._variables.find(operation.name, name)
        self._spend(math.prod(shape))
        return np.asarray(read(), np.float32)

    def _spend(self, n_values: int) -> None:
        self._remaining -= n_values
        if self._remaining < 0:
            raise UnsupportedModelError(f"it holds more than {LIMITS.weights:,} weights")

    def _operate(self, operation: Any, inputs: list[Value], name: str, depth: int) -> Value:
        """Return the value of one operation; add a layer if it is no constant."""
        self._operations += 1
        if self._operations > LIMITS.hdf5_objects:
            raise UnsupportedModelError(f"it has more than {LIMITS.hdf5_objects:,} operations")
        kind = operation.op
        if kind in _CALLS:
            return self._call(operation, inputs, name, depth)
        if kind in _SAME and inputs:
            return inputs[0]
        if kind == "Const":
            return self._constant(operation)
        value = self._shape_value(kind, operation, inputs)
        if value is None:
            constants = [i for i in inputs if isinstance(i, np.ndarray)]
            if len(constants) == len(inputs):
                value = self._fold(kind, operation, constants)
            elif isinstance(inputs[0], _Tensor) or isinstance(inputs[-1], _Tensor):
                value = self._add_layer(kind, operation, inputs, name)
        if value is None:
            raise UnsupportedModelError(
                f"its SavedModel has the operation {kind!r} ({operation.name}), which is not "
                f"imported; {_advice(self._folder)}"
            )
        return value

    def _constant(self, operation: Any) -> NDArray[Any]:
        import tensorflow as tf

        tensor = operation.attr["value"].tensor
        self._spend(math.prod(max(0, int(size.size)) for size in tensor.tensor_shape.dim))
        return np.asarray(tf.make_ndarray(tensor))

    @staticmethod
    def _shape_value(kind: str, operation: Any, inputs: list[Value]) -> Value | None:
        """Return a value that depends on the number of images, written as -1."""
        if kind == "Shape" and isinstance(inputs[0], _Tensor):
            return _ShapeOf()
        if kind == "StridedSlice" and isinstance(inputs[0], _ShapeOf):
            parts = [part.ravel().tolist() for part in inputs[1:4] if isinstance(part, np.ndarray)]
            whole = operation.attr["shrink_axis_mask"].i == 1
            return np.array(-1) if whole and parts == [[0], [1], [1]] else None
        constants = [part.ravel() for part in inputs if isinstance(part, np.ndarray)]
        if kind == "Pack" and len(constants) == len(inputs):
            return np.array([int(part[0]) for part in constants])
        return None

    def _fold(self, kind: str, operation: Any, inputs: list[NDArray[Any]]) -> NDArray[Any] | None:
        """Return the result of an operation on constants."""
        if kind == "Reshape":
            return inputs[0].reshape(np.ravel(inputs[1]).astype(int).tolist())
        if kind == "Squeeze":
            axes = tuple(int(axis) for axis in operation.attr["squeeze_dims"].list.i)
            return np.squeeze(inputs[0], axes or None)
        if kind not in _ARITHMETIC:
            return None
        self._spend(math.prod(np.broadcast_shapes(*(part.shape for part in inputs))))
        with np.errstate(all="ignore"):
            return np.asarray(_ARITHMETIC[kind](*inputs), np.float32)

    def _add_layer(
        self, kind: str, operation: Any, inputs: list[Value], name: str
    ) -> _Tensor | None:
        """Add the layer of an operation on a tensor; None if it is not imported."""
        tensors = [i.name for i in inputs if isinstance(i, _Tensor)]
        constants = [i for i in inputs if isinstance(i, np.ndarray)]
        layer: _Tensor | None = None
        if len(constants) + len(tensors) != len(inputs):
            layer = None
        elif kind in _MERGES and len(tensors) == 2:
            layer = self._layer(name, _MERGES[kind], {}, tensors)
        elif kind == "ConcatV2" and len(constants) == 1:
            layer = self._layer(name, "Concatenate", {"axis": int(constants[0])}, tensors)
        elif len(tensors) != 1:
            layer = None
        elif kind in ("Add", "AddV2", "BiasAdd", "Mul", "Neg", "RealDiv", "Sub"):
            constant = constants[0] if constants else np.float32(0)
            first_is_constant = not isinstance(inputs[0], _Tensor)
            layer = self._arithmetic(name, kind, tensors[0], constant, first_is_constant)
        elif kind in _ACTIVATIONS:
            layer = self._layer(name, "Activation", {"activation": _ACTIVATIONS[kind]}, tensors)
        else:
            make = getattr(self, f"_make_{kind.lower()}", None)
            layer = make(name, operation, tensors, constants) if make else None
        return layer

    def _layer(
        self,
        name: str,
        kind: str,
        arguments: dict[str, Any],
        inputs: list[str],
        *arrays: NDArray[Any],
    ) -> _Tensor:
        if len(self.nodes) >= LIMITS.layers:
            raise UnsupportedModelError(f"it has more than {LIMITS.layers} layers")
        if not all(np.isfinite(array).all() for array in arrays):
            raise UnsupportedModelError(f"its {name} holds values that are not finite")
        self.nodes[name] = Node(name=name, kind=kind, arguments=arguments, inputs=tuple(inputs))
        self.weights[name] = [np.asarray(array, np.float32) for array in arrays]
        return _Tensor(name)

    def _arithmetic(
        self, name: str, kind: str, tensor: str, constant: Any, first_is_constant: bool
    ) -> _Tensor | None:
        """Add a layer for a tensor and a constant."""
        one, zero = np.float32(1), np.float32(0)
        if kind in ("Add", "AddV2", "BiasAdd"):
            return self._affine(name, tensor, one, constant)
        if kind == "Neg":
            return self._affine(name, tensor, -one, zero)
        if kind == "Mul":
            return self._affine(name, tensor, constant, zero)
        if kind == "Sub":
            scale, offset = (-one, constant) if first_is_constant else (one, -constant)
            return self._affine(name, tensor, scale, offset)
        if first_is_constant or not np.all(constant):
            return None
        return self._affine(name, tensor, 1 / constant, zero)

    def _affine(self, name: str, tensor: str, scale: Any, offset: Any) -> _Tensor | None:
        """Add a layer for tensor * scale + offset; each is a number or one number a channel."""
        scale, offset = (np.asarray(part, np.float32) for part in (scale, offset))
        if any(part.size != part.shape[-1] for part in (scale, offset) if part.ndim):
            return None
        scale, offset = scale.ravel(), offset.ravel()
        self._affine_layers[name] = scale, offset
        if scale.size == offset.size == 1:
            numbers = {"scale": float(scale[0]), "offset": float(offset[0])}
            return self._layer(name, "Rescaling", numbers, [tensor])
        scale, offset = np.broadcast_arrays(scale, offset)
        arrays = (scale, offset, np.zeros_like(scale), np.ones_like(scale))
        return self._layer(name, "BatchNormalization", {"epsilon": 0.0}, [tensor], *arrays)

    def _fold_affine_layers(self, last: str) -> str:
        """Fold affine layers into the layers before them; return the name of the output.

        A bias then belongs to its convolution or dense layer, as in Keras. A layer whose output
        another layer takes, too, stays as it is.
        """
        uses = Counter(name for node in self.nodes.values() for name in node.inputs)
        uses[last] += 1
        folded: dict[str, str] = {}
        for name, node in list(self.nodes.items()):
            inputs = tuple(folded.get(before, before) for before in node.inputs)
            self.nodes[name] = dataclasses.replace(node, inputs=inputs)
            if name not in self._affine_layers or uses[node.inputs[0]] != 1 or inputs[0] == INPUT:
                continue
            if self._fold_into(self.nodes[inputs[0]], *self._affine_layers[name]):
                folded[name] = inputs[0]
                del self.nodes[name]
        return folded.get(last, last)

    def _fold_into(self, node: Node, scale: NDArray[Any], offset: NDArray[Any]) -> bool:
        """Fold an affine function into the layer before it; return whether that is possible."""
        arrays = self.weights[node.name]
        if node.kind == "BatchNormalization":
            if max(scale.size, offset.size) not in (1, arrays[0].size):
                return False
            arrays[0], arrays[1] = arrays[0] * scale, arrays[1] * scale + offset
            return True
        if node.kind not in ("Conv2D", "Dense", "DepthwiseConv2D") or len(arrays) != 1:
            return False
        n_channels = arrays[0].shape[-1]
        if node.kind == "DepthwiseConv2D":
            n_channels *= arrays[0].shape[-2]
        if np.any(scale != 1) or offset.size not in (1, n_channels):
            return False
        arrays.append(np.broadcast_to(offset, (n_channels,)).astype(np.float32))
        arguments = {**node.arguments, "use_bias": True}
        self.nodes[node.name] = dataclasses.replace(node, arguments=arguments)
        return True

    def _make_conv2d(
        self, name: str, operation: Any, tensors: list[str], constants: list[NDArray[Any]]
    ) -> _Tensor | None:
        places = _places(operation)
        if places is None or len(constants) != 1 or constants[0].ndim != 4:
            return None
        *size, _, filters = constants[0].shape
        arguments = {"filters": filters, "kernel_size": size, "use_bias": False, **places}
        return self._layer(name, "Conv2D", arguments, tensors, constants[0])

    def _make_depthwiseconv2dnative(
        self, name: str, operation: Any, tensors: list[str], constants: list[NDArray[Any]]
    ) -> _Tensor | None:
        places = _places(operation)
        if places is None or len(constants) != 1 or constants[0].ndim != 4:
            return None
        *size, _, depth = constants[0].shape
        arguments = {"kernel_size": size, "depth_multiplier": depth, "use_bias": False, **places}
        return self._layer(name, "DepthwiseConv2D", arguments, tensors, constants[0])

    def _make_matmul(
        self, name: str, operation: Any, tensors: list[str], constants: list[NDArray[Any]]
    ) -> _Tensor | None:
        if operation.attr["transpose_a"].b or len(constants) != 1 or constants[0].ndim != 2:
            return None
        kernel = constants[0].T if operation.attr["transpose_b"].b else constants[0]
        arguments = {"units": kernel.shape[1], "use_bias": False}
        return self._layer(name, "Dense", arguments, tensors, kernel)

    def _make_fusedbatchnormv3(
        self, name: str, operation: Any, tensors: list[str], constants: list[NDArray[Any]]
    ) -> _Tensor | None:
        if operation.attr["is_training"].b or len(constants) != 4:
            return None
        if operation.attr["data_format"].s not in (b"", b"NHWC"):
            return None
        arguments = {"epsilon": float(operation.attr["epsilon"].f)}
        return self._layer(name, "BatchNormalization", arguments, tensors, *constants)

    def _make_maxpool(
        self, name: str, operation: Any, tensors: list[str], constants: list[NDArray[Any]]
    ) -> _Tensor | None:
        places = _places(operation)
        if places is None or constants:
            return None
        size = [int(part) for part in operation.attr["ksize"].list.i][1:3]
        arguments = {"pool_size": size, "strides": places["strides"], "padding": places["padding"]}
        kind = "MaxPooling2D" if operation.op == "MaxPool" else "AveragePooling2D"
        return self._layer(name, kind, arguments, tensors)

    _make_avgpool = _make_maxpool

    def _make_mean(
        self, name: str, operation: Any, tensors: list[str], constants: list[NDArray[Any]]
    ) -> _Tensor | None:
        if len(constants) != 1 or sorted(np.ravel(constants[0]).tolist()) != [1, 2]:
            return None
        kind = "GlobalAveragePooling2D" if operation.op == "Mean" else "GlobalMaxPooling2D"
        arguments = {"keepdims": bool(operation.attr["keep_dims"].b)}
        return self._layer(name, kind, arguments, tensors)

    _make_max = _make_mean

    def _make_reshape(
        self, name: str, _: Any, tensors: list[str], constants: list[NDArray[Any]]
    ) -> _Tensor | None:
        shape = [int(part) for part in np.ravel(constants[0])]
        if shape[:1] != [-1] or len(shape) < 2:
            return None
        return self._layer(name, "Reshape", {"target_shape": shape[1:]}, tensors)

    def _make_expanddims(
        self, name: str, _: Any, tensors: list[str], constants: list[NDArray[Any]]
    ) -> _Tensor | None:
        rank = len(self._input_shape) + 1
        if tensors != [INPUT] or int(np.ravel(constants[0])[0]) not in (-1, rank):
            return None
        shape = [28 if size is None else size for size in self._input_shape]
        return self._layer(name, "Reshape", {"target_shape": [*shape, 1]}, tensors)

    def _make_transpose(
        self, name: str, _: Any, tensors: list[str], constants: list[NDArray[Any]]
    ) -> _Tensor | None:
        order = [int(part) for part in np.ravel(constants[0])]
        if order[:1] != [0]:
            return None
        return self._layer(name, "Permute", {"dims": order[1:]}, tensors)

    def _make_pad(
        self, name: str, _: Any, tensors: list[str], constants: list[NDArray[Any]]
    ) -> _Tensor | None:
        sides = constants[0].tolist()
        if len(sides) != 4 or sides[0] != [0, 0] or sides[3] != [0, 0]:
            return None
        return self._layer(name, "ZeroPadding2D", {"padding": sides[1:3]}, tensors)

    def _make_relu(
        self, name: str, operation: Any, tensors: list[str], _: list[NDArray[Any]]
    ) -> _Tensor:
        arguments = {"max_value": 6.0} if operation.op == "Relu6" else {}
        return self._layer(name, "ReLU", arguments, tensors)

    _make_relu6 = _make_relu

    def _make_leakyrelu(
        self, name: str, operation: Any, tensors: list[str], _: list[NDArray[Any]]
    ) -> _Tensor:
        slope = float(operation.attr["alpha"].f)
        return self._layer(name, "LeakyReLU", {"negative_slope": slope}, tensors)


class _VariableReader:
    """The variables of a SavedModel, by the names that its operations use."""

    def __init__(self, folder: Path) -> None:
        import tensorflow as tf
        from tensorflow.core.protobuf import trackable_object_graph_pb2

        self._keys: dict[str, str] = {}
        self._ambiguous: set[str] = set()
        self._bound: dict[str, str] = {}
        self._nodes: list[Any] = []
        if not (folder / "variables" / "variables.index").is_file():
            self._shapes: dict[str, Any] = {}
            return
        self._reader = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
        self._shapes = self._reader.get_variable_to_shape_map()
        graph = trackable_object_graph_pb2.TrackableObjectGraph()
        if "_CHECKPOINTABLE_OBJECT_GRAPH" in self._shapes:
            graph.ParseFromString(self._reader.get_tensor("_CHECKPOINTABLE_OBJECT_GRAPH"))
        self._nodes = list(graph.nodes)
        for node in graph.nodes:
            for attribute in node.attributes:
                known = self._keys.setdefault(attribute.full_name, attribute.checkpoint_key)
                if known != attribute.checkpoint_key:
                    self._ambiguous.add(attribute.full_name)

    def bind(self, operation: str, number: int, name: str) -> None:
        """Assign a variable to an operation, by its number among the file's objects."""
        attributes = self._nodes[number].attributes if number < len(self._nodes) else ()
        for attribute in attributes:
            if attribute.name == "VARIABLE_VALUE" and attribute.full_name == name:
                self._bound[operation] = attribute.checkpoint_key

    def find(self, operation: str, name: str) -> tuple[list[int], Callable[[], NDArray[Any]]]:
        """Return the shape of an operation's variable, and a function that reads it."""
        key = self._bound.get(operation) or self._keys.get(name, name)
        is_ambiguous = operation not in self._bound and name in self._ambiguous
        if is_ambiguous or key not in self._shapes:
            problem = "is stored several times" if is_ambiguous else "is missing"
            raise UnsupportedModelError(f"its variable {name!r} {problem}")
        return self._shapes[key], lambda: np.asarray(self._reader.get_tensor(key))


def _places(operation: Any) -> dict[str, Any] | None:
    """Return strides, padding and dilation of an operation on NHWC; None for other ones."""
    attributes = operation.attr
    padding = attributes["padding"].s.decode().lower()
    if attributes["data_format"].s not in (b"", b"NHWC") or padding not in ("same", "valid"):
        return None
    strides = [int(part) for part in attributes["strides"].list.i]
    dilations = [int(part) for part in attributes["dilations"].list.i] or [1, 1, 1, 1]
    if len(strides) != 4 or len(dilations) != 4:
        return None
    places = {"strides": strides[1:3], "padding": padding}
    return (
        places
        if operation.op in ("MaxPool", "AvgPool")
        else {
            **places,
            "dilation_rate": dilations[1:3],
        }
    )


def _node_name(name: str) -> str:
    """Return the operation that a tensor's name names."""
    return name.split(":", maxsplit=1)[0]
