"""EleutherAI's lm-eval asks a server, and computes the same with Transformers: both answers as JSON."""
import json
import sys

from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from lm_eval.models.openai_completions import LocalCompletionsAPI

folder, url = sys.argv[1:]
asked = json.load(sys.stdin)
kept = {"until": ["\n\n\n"], "max_gen_toks": 5, "do_sample": False}


def answers(model):
    of = lambda kind, each: [Instance(kind, {}, arguments, i) for i, arguments in enumerate(each)]
    chosen = model.loglikelihood(of("loglikelihood", map(tuple, asked["choices"])))
    return {
        "choices": [log for log, _ in chosen],
        "greedy": [bool(best) for _, best in chosen],
        "rolling": model.loglikelihood_rolling(of("loglikelihood_rolling", [(text,) for text in asked["texts"]])),
        "written": model.generate_until(of("generate_until", [(context, kept) for context, _ in asked["choices"]])),
    }


served = LocalCompletionsAPI(
    base_url=f"{url}/v1/completions", model="small", tokenizer_backend="huggingface", tokenizer=folder, max_length=256
)
own = HFLM(pretrained=folder, device="cpu", dtype="float32", max_length=256)
print(json.dumps({"served": answers(served), "own": answers(own)}))
