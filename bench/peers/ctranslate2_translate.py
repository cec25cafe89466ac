"""CTranslate2 on a translator of ours: sentences a second by beam search, float32, two threads.
Run: python ctranslate2_translate.py FOLDER TO SENTENCES BEAMS   (pip install ctranslate2 torch transformers)

FOLDER is `autodidact export RUN --format safetensors --out FOLDER`, TO a language's code, SENTENCES a file with one a
line. A first pass warms up; the second is measured, with tokens and texts, in batches of like lengths: by both threads
together and by each on its own (`inter_threads`), of which the quicker is printed with what it wrote.
"""
import json, os, sys, tempfile, time
import ctranslate2
from ctranslate2.converters import TransformersConverter
from transformers import AutoTokenizer


def converted(folder, to):
    TransformersConverter(folder).convert(to, force=True)
    path = os.path.join(to, "config.json")
    with open(path) as file:
        config = json.load(file)
    config["unk_token"] = config["bos_token"]  # it asks for one; tokens of bytes need none
    with open(path, "w") as file:
        json.dump(config, file)


def translate(translator, tokenizer, language, sentences, beams):
    sources = [[language, *tokenizer.convert_ids_to_tokens(ids)] for ids in tokenizer(sentences).input_ids]
    found = translator.translate_batch(sources, beam_size=beams, length_penalty=1, max_batch_size=32)
    ids = [tokenizer.convert_tokens_to_ids(result.hypotheses[0]) for result in found]
    return [text.strip() for text in tokenizer.batch_decode(ids, skip_special_tokens=True)]


def measured(folder, threads, *work):
    translator = ctranslate2.Translator(folder, compute_type="float32", **threads)
    translate(translator, *work)
    start = time.perf_counter()
    translations = translate(translator, *work)
    seconds = time.perf_counter() - start
    return {"perSecond": len(translations) / seconds, "seconds": seconds, **threads, "translations": translations}


def main():
    if len(sys.argv) != 5:
        sys.exit("usage: ctranslate2_translate.py FOLDER TO SENTENCES BEAMS")
    folder, to, path, beams = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        sentences = file.read().splitlines()
    work = AutoTokenizer.from_pretrained(folder), f">>{to}<<", sentences, int(beams)
    with tempfile.TemporaryDirectory() as model:
        converted(folder, model)
        ways = [{"inter_threads": inter, "intra_threads": 2 // inter} for inter in (1, 2)]
        results = [measured(model, threads, *work) for threads in ways]
    best = max(results, key=lambda result: result["perSecond"])
    print(json.dumps({**best, "slower": min(r["perSecond"] for r in results), "version": ctranslate2.__version__}))


if __name__ == "__main__":
    main()
