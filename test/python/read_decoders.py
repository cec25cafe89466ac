"""Says what safetensors, Transformers and PEFT make of decoders that we wrote.

    python test/python/read_decoders.py          # asked by decoders.test.ts

Reads [{folder, adapter, other, ids, prompt, count, text}] from standard input. Writes of each {sums: of each tensor that
safetensors finds, surprises, logits, written: what Transformers continues the prompt with, tokens: of the text,
adapted: logits with the adapter}; Transformers saves the model to `other`.
"""
import json, sys
import torch
from peft import PeftModel
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer


@torch.no_grad()
def answer(asked):
    folder, ids = asked["folder"], torch.tensor([asked["ids"]])
    with safe_open(f"{folder}/model.safetensors", "pt") as file:
        sums = {name: file.get_tensor(name).double().sum().item() for name in file.keys()}
    model, surprises = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    logits = model.eval()(ids).logits
    prompt = torch.tensor([asked["prompt"]])
    written = model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=asked["count"],
                             min_new_tokens=asked["count"], do_sample=False)
    model.save_pretrained(asked["other"])
    adapted = PeftModel.from_pretrained(model, asked["adapter"]).eval()(ids).logits
    return dict(sums=sums, surprises=[str(value) for value in surprises.values() if value],
                logits=logits.flatten().tolist(), written=written[0, prompt.shape[1]:].tolist(),
                tokens=tokenizer(asked["text"])["input_ids"], adapted=adapted.flatten().tolist())


json.dump([answer(asked) for asked in json.load(sys.stdin)], sys.stdout)
