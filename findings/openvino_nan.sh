#!/usr/bin/env bash
# OpenVINO 2026.4 on a processor turns NaN into 0 at a ReLU: a network that is given NaN answers as if nothing were wrong.
#
# One would expect NaN to go through relu, maximum and clamp as in PyTorch, NumPy and ONNX Runtime, so that a check of the
# scores finds it. relu(NaN) is 0, the maximum with NaN and the highest value of a row with NaN are those of the others,
# and exp(NaN) is infinite. GELU, sigmoid, softmax and sums keep NaN. A convolution, ReLU, mean and softmax of a picture that
# is NaN throughout give probabilities that sum to 1. Nothing is logged.
#
# Why it matters here: a wrong normalisation (a deviation of 0) or a broken file makes NaN. Whether that is noticed would
# depend on the activation of the network and on the engine. Check the input, not only the scores.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.2.6
"$folder/env/bin/pip" install -q --no-deps openvino==2026.4.1  # without its telemetry
"$folder/env/bin/python" -W ignore - <<'PY'
import numpy as np
import onnxruntime
import openvino
from onnx import TensorProto, helper
from openvino import opset13 as op


def by_openvino(build, value):
    parameter = op.parameter(list(value.shape), np.float32)
    model = openvino.compile_model(openvino.Model([build(parameter)], [parameter]), 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})
    return model([value])[0]


def by_onnxruntime(name, value):
    of = [helper.make_tensor_value_info(side, TensorProto.FLOAT, None) for side in 'xy']
    graph = helper.make_graph([helper.make_node(name, ['x'], ['y'])], 'g', of[:1], of[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 20)], ir_version=10)
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {'x': value})[0]


value = np.array([[np.nan, 2, -1]], np.float32)
zero = op.constant(np.float32(0))
found = {
    'relu': by_openvino(op.relu, value),
    'maximum with 0': by_openvino(lambda x: op.maximum(x, zero), value),
    'clamp to [0, 1]': by_openvino(lambda x: op.clamp(x, 0.0, 1.0), value),
    'highest of the row': by_openvino(lambda x: op.reduce_max(x, np.array([1])), value),
    'gelu': by_openvino(lambda x: op.gelu(x, 'erf'), value),
}
print('openvino', openvino.__version__.split('-')[0], 'of', value[0])
for name, result in found.items():
    print(f'{name}:', result.ravel())
kept = by_onnxruntime('Relu', value)
print('relu of ONNX Runtime', onnxruntime.__version__, kept.ravel(), 'of NumPy', np.maximum(value, 0).ravel())
lost = [name for name, result in found.items() if not np.isnan(result.ravel()[0])]
assert lost == ['relu', 'maximum with 0', 'clamp to [0, 1]', 'highest of the row'], f'this changed: {lost}'
assert np.isnan(kept[0, 0]) and np.isnan(found['gelu'][0, 0])


def network(x):
    random = np.random.default_rng(0)
    kernel = op.constant(random.standard_normal((4, 1, 3, 3)).astype(np.float32))
    hidden = op.reduce_mean(op.relu(op.convolution(x, kernel, [1, 1], [1, 1], [1, 1], [1, 1])), np.array([2, 3]))
    scores = op.matmul(hidden, op.constant(random.standard_normal((4, 3)).astype(np.float32)), False, False)
    return op.softmax(scores, 1)


scores = by_openvino(network, np.full((1, 1, 8, 8), np.nan, np.float32))
print('probabilities of a picture of NaN:', scores)
assert np.isfinite(scores).all()
PY
