#!/usr/bin/env python3
"""Which inputs of the fuzzer's are kept: each reaches code that those chosen before do not, most first, at most so many.

scripts/fuzz calls it: keep_corpus.py MERGE_CONTROL_FILE SEEDS CORPUS
The control file is what libFuzzer writes while it merges: the inputs by name, then what each one reaches. The seeds are kept in
any case, and are counted first. CORPUS is what is chosen, no more and no less, when this is done.
"""
import os
import sys

MOST = 150


def main(control, seeds, corpus):
    reaches = read(control)
    reached = set()
    for name in [name for name in reaches if os.path.dirname(name) == seeds]:
        reached |= reaches.pop(name)
    kept = {}
    while reaches and len(kept) < MOST:
        # Of two that reach as much the shorter one, and then by name, so that the same comes out each time.
        best = min(reaches, key=lambda name: (-len(reaches[name] - reached), os.path.getsize(name), name))
        if reaches[best] <= reached:
            break
        reached |= reaches.pop(best)
        with open(best, "rb") as file:
            kept[os.path.basename(best)] = file.read()
    for name in os.listdir(corpus):
        os.remove(os.path.join(corpus, name))
    for name, content in kept.items():
        with open(os.path.join(corpus, name), "wb") as file:
            file.write(content)
    size = sum(map(len, kept.values()))
    print(f"{corpus}: {len(kept)} files, {size} bytes; with the seeds they reach {len(reached)} edges")


def read(control):
    """What each input reaches, by its name."""
    with open(control) as file:
        lines = file.read().splitlines()
    names = lines[2 : 2 + int(lines[0])]
    reaches = {name: set() for name in names}
    for line in lines[2 + len(names) :]:
        kind, index, *numbers = line.split()
        if kind == "FT":
            reaches[names[int(index)]] = set(numbers)
    return reaches


if __name__ == "__main__":
    main(*sys.argv[1:])
