"""Compares the retriever with other search libraries on a general Chinese question list.

    python -m bench.retrieval --sizes 1000,10000,100000 --queries 300

Every engine answers the same questions in the same run, in turns of ten, so that a busy machine
slows them alike: read the ratios. All get normalised text and only the tokens they can use best.
bm25s runs as installed, on numpy; its selection of the best is slow where most scores are equal.
"""

import argparse
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import bm25s
import numpy as np
import pysqlite3
import rank_bm25
import rapidfuzz
import tantivy

from bench.faq_data import STYLES, Entry, Query, entries, queries
from bench.headlines import headline
from bot.retrieval.retriever import Index
from bot.words.normalising import normalise
from bot.words.wording import load, words

Search = Callable[[str], list[str]]
K = 5
STRETCH = 10
OURS = "nuangang"
TOLD_FROM = 10_000
"""Below, the libraries hardly differ."""


def grams(text: str) -> list[str]:
    """Single characters and pairs of neighbours, without punctuation."""
    kept = "".join(c for c in normalise(text) if c.isalnum())
    return [*kept, *(kept[i : i + 2] for i in range(len(kept) - 1))]


def pairs(text: str) -> list[str]:
    """Pairs of neighbours only, fewer and rarer than with single characters."""
    kept = "".join(c for c in normalise(text) if c.isalnum())
    return [kept[i : i + 2] for i in range(len(kept) - 1)] or [kept]


def jieba_words(text: str) -> list[str]:
    return [word for word in words(normalise(text)) if word.strip(" ,.?!，。？！")]


Tokens = Callable[[str], list[str]]


def own_index(listed: list[Entry]) -> Search:
    index = Index((entry.key, entry.text) for entry in listed)
    return lambda text: [hit.key for hit in index.search(text, K)]


def with_bm25s(listed: list[Entry], tokens: Tokens) -> Search:
    index = bm25s.BM25()
    index.index([tokens(entry.text) for entry in listed], show_progress=False)
    keys = np.array([entry.key for entry in listed])
    vocabulary = index.vocab_dict

    def search(text: str) -> list[str]:
        known = [token for token in tokens(text) if token in vocabulary]
        if not known:
            return []
        found = index.retrieve([known], corpus=keys, k=K, show_progress=False, n_threads=0)
        return [str(key) for key in found.documents[0]]

    return search


def with_tantivy(listed: list[Entry], tokens: Tokens) -> Search:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("body", stored=False, tokenizer_name="whitespace", index_option="freq")
    builder.add_unsigned_field("place", stored=False, fast=True)
    builder.add_text_field("key", stored=True, tokenizer_name="raw")
    schema = builder.build()
    index = tantivy.Index(schema)
    writer = index.writer(heap_size=512_000_000, num_threads=1)
    for entry in listed:
        document = tantivy.Document()
        document.add_text("body", " ".join(tokens(entry.text)))
        document.add_text("key", entry.key)
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def search(text: str) -> list[str]:
        terms = [
            (tantivy.Occur.Should, tantivy.Query.term_query(schema, "body", token, "freq"))
            for token in tokens(text)
        ]
        hits = searcher.search(tantivy.Query.boolean_query(terms), K, count=False).hits
        return [searcher.doc(address)["key"][0] for _, address in hits]

    return search


def with_rank_bm25(listed: list[Entry], tokens: Tokens) -> Search:
    index = rank_bm25.BM25Okapi([tokens(entry.text) for entry in listed])

    def search(text: str) -> list[str]:
        scores = index.get_scores(tokens(text))
        best = np.argpartition(-scores, K)[:K]
        return [listed[i].key for i in best[np.argsort(-scores[best])]]

    return search


def with_fts5(listed: list[Entry], tokens: Tokens) -> Search:
    database = pysqlite3.connect(":memory:")
    database.execute(
        "CREATE VIRTUAL TABLE faq USING fts5(key UNINDEXED, body, detail=none, columnsize=1)"
    )
    database.executemany(
        "INSERT INTO faq VALUES (?, ?)",
        ((entry.key, " ".join(tokens(entry.text))) for entry in listed),
    )
    database.execute("INSERT INTO faq(faq) VALUES ('optimize')")

    def search(text: str) -> list[str]:
        asked = " OR ".join(f'"{token}"' for token in tokens(text))
        rows = database.execute(
            "SELECT key FROM faq WHERE faq MATCH ? ORDER BY rank LIMIT ?", (asked, K)
        )
        return [row[0] for row in rows]

    return search


def with_rapidfuzz(listed: list[Entry]) -> Search:
    texts = [normalise(entry.text) for entry in listed]

    def search(text: str) -> list[str]:
        best = rapidfuzz.process.extract(
            normalise(text), texts, scorer=rapidfuzz.fuzz.ratio, limit=K
        )
        return [listed[place].key for _, _, place in best]

    return search


def engines(listed: list[Entry]) -> Iterator[tuple[str, Search]]:
    """Name and search function of each engine.

    Above 10,000 entries rank_bm25 (150 ms a question at 100,000) is left out, and FTS5 gets pairs
    of characters only (300 ms with single ones).
    """
    yield OURS, own_index(listed)
    yield "tantivy grams", with_tantivy(listed, grams)
    yield "tantivy words", with_tantivy(listed, jieba_words)
    yield "bm25s grams", with_bm25s(listed, grams)
    yield "bm25s words", with_bm25s(listed, jieba_words)
    if len(listed) <= 10_000:
        yield "fts5 grams", with_fts5(listed, grams)
        yield "rank_bm25 words", with_rank_bm25(listed, jieba_words)
    else:
        yield "fts5 pairs", with_fts5(listed, pairs)
    yield "rapidfuzz extract", with_rapidfuzz(listed)


@dataclass
class Tally:
    first: int = 0
    top: int = 0
    reciprocal: float = 0.0
    count: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, key: str, found: list[str], seconds: float) -> None:
        self.count += 1
        self.seconds.append(seconds)
        if key in found:
            place = found.index(key)
            self.first += place == 0
            self.top += place < 3
            self.reciprocal += 1 / (place + 1)


Table = dict[str, dict[str, Tally]]


def compare(searches: list[tuple[str, Search]], asked: list[Query]) -> Table:
    table: Table = {name: {style: Tally() for style in STYLES} for name, _ in searches}
    order = random.Random(1)
    # A few questions at a stretch, as in service; a fixed order would let the same engine always
    # run after the one that empties the caches.
    for begin in range(0, len(asked), STRETCH):
        for name, search in order.sample(searches, len(searches)):
            for query in asked[begin : begin + STRETCH]:
                began = time.perf_counter()
                found = search(query.text)
                table[name][query.style].add(query.key, found, time.perf_counter() - began)
    return table


def latencies(row: dict[str, Tally]) -> list[float]:
    """All latencies of an engine, in milliseconds."""
    return [seconds * 1000 for tally in row.values() for seconds in tally.seconds]


def show(size: int, table: Table) -> None:
    print(f"\n{size:,} entries: hit@1 / hit@3 in %, MRR@{K} over all, latency in ms\n")
    heads = "".join(f"{style:>13}" for style in STYLES)
    print(f"{'':18}{heads}{'MRR':>7}{'median':>9}{'p99':>8}")
    for name, row in table.items():
        cells = "".join(
            f"{100 * t.first / t.count:7.1f}/{100 * t.top / t.count:5.1f}" for t in row.values()
        )
        every = latencies(row)
        mrr = sum(t.reciprocal for t in row.values()) / sum(t.count for t in row.values())
        times = f"{statistics.median(every):9.2f}{np.percentile(every, 99):8.2f}"
        print(f"{name:18}{cells}{mrr:7.3f}{times}")


def show_ratios(size: int, table: Table) -> None:
    peers = {name: row for name, row in table.items() if name != OURS}
    print(f"\n{size:,} entries against the best peer of each column")
    for style in STYLES:
        ours = table[OURS][style]
        best = max(peers, key=lambda name: peers[name][style].first)
        lead = 100 * (ours.first - peers[best][style].first) / ours.count
        print(f"  hit@1 {style:10} {lead:+6.1f} points  (best peer: {best})")
    medians = {name: statistics.median(latencies(row)) for name, row in table.items()}
    fastest = min(peers, key=lambda name: medians[name])
    grams_best = min(("tantivy grams", "bm25s grams"), key=lambda name: medians[name])
    for name in dict.fromkeys([fastest, grams_best]):
        print(f"  median latency / {name}: {medians[OURS] / medians[name]:.2f}")


def tell(size: int, table: Table) -> None:
    """The main figures against the best peers."""
    peers = {name: row for name, row in table.items() if name != OURS}
    leads = []
    for style in STYLES:
        ours = table[OURS][style]
        best = max(row[style].first for row in peers.values())
        leads.append(f"{100 * (ours.first - best) / ours.count:+.1f}")
    styles = " / ".join(STYLES)
    headline(
        f"{size:,} FAQ entries, hit@1 against the best peer: {styles}",
        " / ".join(leads) + " points",
        "0, sounds +5",
    )
    shares: dict[str, float] = {}
    for name, row in table.items():
        # The better of its ways to cut a text stands for a library.
        right = sum(each.first for each in row.values()) / sum(each.count for each in row.values())
        library = name.partition(" ")[0]
        shares[library] = max(shares.get(library, 0.0), 100 * right)
    headline(
        f"{size:,} FAQ entries, hit@1 of all: {', '.join(shares)}",
        ", ".join(f"{share:.0f}" for share in shares.values()) + " %",
        "–",
    )
    medians = {name: statistics.median(latencies(row)) for name, row in table.items()}
    fastest = min(peers, key=lambda name: medians[name])
    headline(
        f"{size:,} FAQ entries, median latency / tantivy on n-grams; / the fastest ({fastest})",
        f"{medians[OURS] / medians['tantivy grams']:.2f}; {medians[OURS] / medians[fastest]:.2f}",
        "1",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--queries", type=int, default=300, help="of each style")
    options = parser.parse_args()
    load()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    sizes = [int(size) for size in options.sizes.split(",")]
    listed = entries(max(sizes))
    for size in sizes:
        part = listed[:size]
        asked = [q for style in STYLES for q in queries(part, style, options.queries)]
        table = compare(list(engines(part)), asked)
        show(size, table)
        show_ratios(size, table)
        if size >= TOLD_FROM or size == max(sizes):
            tell(size, table)


if __name__ == "__main__":
    main()
