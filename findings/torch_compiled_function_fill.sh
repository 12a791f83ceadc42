#!/usr/bin/env bash
# A compiled autograd.Function whose forward pass fills a new tensor in place gets zeros as its gradient.
#
# One would expect torch.compile to call the function's own backward pass, as without compiling, or to refuse the
# function. Instead the gradient of the input is zero, without a warning, where the result is made by empty_like and
# filled by copy_ (or by torch._foreach_copy_); the value is right, and with fullgraph=True nothing is refused. A result
# that is returned by an operation (x.clone()) gets the right gradient. It is so with the backend `eager`, so it is the
# tracing, not a code generator. PyTorch 2.13.0 gives the right gradient.
#
# Why it matters here: casting all weights of a block by one operation fills new tensors. Under torch.compile the casts
# are therefore written as operations that return their results, and a test compares the gradients.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q torch==2.11.0 numpy==2.2.6
cd "$folder"
env/bin/python - <<'PY'
import torch


def returned(x):
    return x.clone()


def filled(x):
    result = torch.empty_like(x)
    result.copy_(x)
    return result


def filled_together(x):
    result = torch.empty_like(x)
    torch._foreach_copy_([result], [x])
    return result


def gradient(forward, backend):
    """Return value and gradient of twice the sum of a function that returns its input."""

    class Same(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return forward(x)

        @staticmethod
        def backward(ctx, gradient):
            return gradient * 1

    def function(x):
        return (2 * Same.apply(x)).sum()

    torch._dynamo.reset()
    if backend:
        function = torch.compile(function, backend=backend, fullgraph=True)
    x = torch.ones(2, requires_grad=True)
    value = function(x)
    value.backward()
    return value.item(), x.grad.tolist()


print('torch', torch.__version__)
right, lost = (4.0, [2.0, 2.0]), (4.0, [0.0, 0.0])
for forward in (returned, filled, filled_together):
    for backend in (None, 'eager', 'aot_eager'):
        expected = right if backend is None or forward is returned else lost
        found = gradient(forward, backend)
        print(f'{forward.__name__:16} {backend or "not compiled":13} value {found[0]}, gradient {found[1]}')
        assert found == expected, f'this changed: expected {expected}'
PY
