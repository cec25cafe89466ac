"""Writes the values of ggml's blocks as gguf-py reads them: test/parity/goldens/gguf-blocks.json.

    python3 test/parity/make_gguf_goldens.py     # numpy, gguf 0.19

A case is {type, bytes, values}: random bytes of a few blocks, as base64, and the float32 values that
gguf.quants.dequantize gives for them, little-endian, as base64. Scales are kept finite: bits of a NaN differ by machine.
"""
import base64, json, pathlib
import numpy as np
from gguf import GGMLQuantizationType as Type, quants
from gguf.constants import GGML_QUANT_SIZES

FILE = pathlib.Path(__file__).parent / "goldens" / "gguf-blocks.json"
# Where float16 scales stand in a block.
SCALES = dict(F16=[0], BF16=[0], Q4_0=[0], Q4_1=[0, 2], Q5_0=[0], Q5_1=[0, 2], Q8_0=[0], Q2_K=[80, 82], Q3_K=[108],
              Q4_K=[0, 2], Q5_K=[0, 2], Q6_K=[208], IQ4_NL=[0])


def case(name):
    length, size = GGML_QUANT_SIZES[Type[name]]
    count = 3 if length > 1 else 64
    random = np.random.default_rng(sum(map(ord, name)))
    if name == "F32":
        blocks = random.standard_normal(count).astype(np.float32).view(np.uint8).reshape(count, size)
    else:
        blocks = random.integers(0, 256, (count, size), dtype=np.uint8)
        for at in SCALES[name]:
            blocks[:, at + 1] &= 0xBF  # the upper bit of the exponent: below 2 in magnitude
        if length > 1:
            blocks[0, SCALES[name][0]:SCALES[name][0] + 2] = [1, 0]  # a subnormal scale
    values = quants.dequantize(blocks.reshape(1, -1), Type[name]).astype("<f4")
    assert np.isfinite(values).all()
    encode = lambda array: base64.b64encode(array.tobytes()).decode()
    return dict(type=name, bytes=encode(blocks), values=encode(values))


types = ["F32", *SCALES]
FILE.write_text(json.dumps([case(name) for name in types], indent=1) + "\n")
