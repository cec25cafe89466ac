"""Says what Hugging Face Transformers makes of a folder that we wrote, and writes the same model to another one.

    python test/python/read_t5.py FOLDER OTHER         # asked by t5-folder.test.ts

Reads {text, source, valid, inputs} from standard input; writes {ids, logits, written, surprises}.
"""
import json, sys
import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

folder, other = sys.argv[1:]
asked = json.load(sys.stdin)
model, surprises = AutoModelForSeq2SeqLM.from_pretrained(folder, output_loading_info=True)
tokenizer = AutoTokenizer.from_pretrained(folder)
source, valid, inputs = (torch.tensor(asked[name]) for name in ("source", "valid", "inputs"))
with torch.no_grad():
    logits = model.eval()(source, attention_mask=valid, decoder_input_ids=inputs).logits
    written = model.generate(source, attention_mask=valid, num_beams=1)
model.save_pretrained(other)
tokenizer.save_pretrained(other)
json.dump(dict(ids=tokenizer(asked["text"])["input_ids"], logits=logits.flatten().tolist(), written=written.tolist(),
               surprises=[str(value) for value in surprises.values() if value]), sys.stdout)
