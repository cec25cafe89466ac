"""The reference: STEPS training steps (forward, backward, fused AdamW) of bench/pytorch_gpt2.py from given weights.
Run: python torch_gpt2.py LAYERS HEADS WIDTH VOCAB BATCH CONTEXT WEIGHTS STEPS   (WEIGHTS from weights.py, no extension)

YARDSTICK_COMPILE=1 compiles it by torch.compile (the first step's seconds then include that), YARDSTICK_THREADS as there.
"""
import json, os, sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from pytorch_gpt2 import GPT2, adamw, as_asked, training_step  # before torch: it says how threads wait
import numpy as np
import torch


def main():
    if len(sys.argv) != 9:
        sys.exit("usage: torch_gpt2.py LAYERS HEADS WIDTH VOCAB BATCH CONTEXT WEIGHTS STEPS")
    layers, heads, width, vocab, _, context = map(int, sys.argv[1:7])
    torch.set_num_threads(int(os.environ.get("YARDSTICK_THREADS", len(os.sched_getaffinity(0)))))
    stored = {name: torch.from_numpy(array) for name, array in np.load(sys.argv[7] + ".npz").items()}
    ids, targets = stored.pop("ids").long(), stored.pop("targets").long()
    model = GPT2(layers, heads, width, vocab, context)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            transposed = parameter.dim() == 2 and name.startswith("blocks")
            parameter.copy_(stored[name].T if transposed else stored[name])
    forward, optimizer = as_asked(model), adamw(model)
    steps = [training_step(forward, optimizer, ids, targets) for _ in range(int(sys.argv[8]))]
    print(json.dumps({"losses": [s["loss"] for s in steps], "seconds": [s["seconds"] for s in steps],
                      "version": torch.__version__}))


if __name__ == "__main__":
    main()
