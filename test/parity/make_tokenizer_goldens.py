"""Writes small tokenizers built as those of Llama 2 and 3, Qwen2.5, SmolLM3, Gemma 3, T5, UMT5 and BERT are, and the ids that they give.

    pip install tokenizers transformers
    python test/parity/make_tokenizer_goldens.py          # rewrites test/parity/goldens/tokenizers.json

Made with tokenizers 0.23 and transformers 5.24. The steps (normaliser, words, byte fallback, decoder, what is put before a text) are those of
the published tokenizer.json files; the merges are learned from the texts below, so that the files are small.
"""
import json, pathlib
from transformers.tokenization_utils_base import generate_merges
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

FILE = pathlib.Path(__file__).parent / "goldens" / "tokenizers.json"
LEARNED = [
    "It's the 7th; they've seen the whale and the sea of 2024. The old man and the sea: the boat, the captain.",
    "   Spaces  and\n\nlines\tand tabs, 世界 is world, 你好 is hello, café has an accent, naïve too.",
    "def f(x):\n    return x ** 2 + 10_000\n",
] * 3
TEXTS = LEARNED[:3] + [
    " leading and trailing ", "a\r\nb\n \n c", "IT'S THEY'LL", "12 1234 ٣٤ 1000000", "emoji 🚀 and 👩‍🚀", "cafe\u0301",
    "<|im_start|>user\nHi<|im_end|>\n", "日本語テキスト", "▁ under", "\u00a0no-break", "x" * 40, "{\"key\": [1, 2.5]}",
]
SPECIAL = ["<|im_start|>", "<|im_end|>"]
NEWER = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def byte_level(digits, nfc=False, whole=False, start=None):
    tokenizer = Tokenizer(models.BPE(ignore_merges=whole))
    if nfc:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(NEWER % digits), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(LEARNED, trainers.BpeTrainer(vocab_size=330, initial_alphabet=alphabet))
    tokenizer.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in SPECIAL + ([start] if start else [])])
    if start:
        id = tokenizer.token_to_id(start)
        tokenizer.post_processor = processors.TemplateProcessing(single=f"{start} $A", special_tokens=[(start, id)])
    return tokenizer


def gemma():
    """SentencePiece BPE: spaces are ▁, no words, a character that is not there becomes its bytes."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    special = ["<pad>", "<eos>", "<bos>", "<unk>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer.train_from_iterator(LEARNED, trainers.BpeTrainer(vocab_size=430, special_tokens=special))
    file = json.loads(tokenizer.to_str())  # the bytes are plain entries of the vocabulary there
    file["added_tokens"] = [t for t in file["added_tokens"] if not t["content"].startswith("<0x")]
    # As conversions from SentencePiece do: every way to make a token of two others, by its score.
    vocab = file["model"]["vocab"]
    scores = {token: -id for token, id in vocab.items() if id >= len(special)}
    file["model"]["merges"] = [list(pair) for pair in generate_merges(vocab, scores)]
    tokenizer = Tokenizer.from_str(json.dumps(file))
    tokenizer.add_tokens([AddedToken("\n\n", normalized=False)])
    tokenizer.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in SPECIAL])
    start = tokenizer.token_to_id("<bos>")
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", start)])
    return tokenizer


def llama2():
    """SentencePiece BPE with a space before every text, which decoding takes away."""
    file = json.loads(gemma().to_str())
    file["normalizer"] = json.loads(normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]).__getstate__())
    file["pre_tokenizer"] = None
    file["decoder"]["decoders"].append({"type": "Strip", "content": " ", "start": 1, "stop": 0})
    return Tokenizer.from_str(json.dumps(file))


def unigram(byte_fallback):
    """SentencePiece's Unigram as T5 has it, without its table of characters; with bytes as UMT5 has it."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    special = ["<pad>", "</s>", "<unk>"] + [f"<0x{byte:02X}>" for byte in range(256)] * byte_fallback
    letters = [text.replace("1", "").replace("é", "") for text in LEARNED]  # so that some characters have no token
    tokenizer.train_from_iterator(letters, trainers.UnigramTrainer(vocab_size=400, special_tokens=special, unk_token="<unk>"))
    file = json.loads(tokenizer.to_str())
    file["model"]["byte_fallback"] = byte_fallback
    file["added_tokens"] = [t for t in file["added_tokens"] if not t["content"].startswith("<0x")]
    replaced = [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0}]
    spaces = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    file["decoder"] = {"type": "Sequence", "decoders": replaced} if byte_fallback else spaces
    return Tokenizer.from_str(json.dumps(file))


def bert():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=False)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(LEARNED, trainers.WordPieceTrainer(vocab_size=200, special_tokens=special))
    return tokenizer


if __name__ == "__main__":
    families = dict(
        llama3=byte_level(r"\p{N}{1,3}", whole=True, start="<|begin_of_text|>"), qwen2=byte_level(r"\p{N}", nfc=True),
        smollm3=byte_level(r"\p{N}{1,3}", whole=True), gemma3=gemma(), llama2=llama2(),
        t5=unigram(False), umt5=unigram(True), bert=bert(),
    )
    written = {}
    for name, tokenizer in families.items():
        ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]
        decoded = [tokenizer.decode(row, skip_special_tokens=False) for row in ids]
        written[name] = dict(tokenizer=json.loads(tokenizer.to_str()), ids=ids, decoded=decoded)
    text = json.dumps(dict(texts=TEXTS, families=written), separators=(",", ":"), ensure_ascii=False)
    FILE.write_text(text.replace('},"', '},\n"') + "\n")
    print(FILE.name, len(text) // 1000, "kB")
