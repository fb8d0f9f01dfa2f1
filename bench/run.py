"""Runs every benchmark and prints its table and ratios.

python -m bench.run [--quick]
"""

import argparse
import subprocess
import sys

WHOLE: tuple[tuple[str, list[str]], ...] = (
    ("bench.answering", []),
    ("bench.serving", []),
    ("bench.casework", []),
    ("bench.retrieval", []),
    ("bench.eligibility", []),
)
QUICK: tuple[tuple[str, list[str]], ...] = (
    ("bench.answering", ["--rounds", "1"]),
    ("bench.serving", ["--pairs", "3", "--seconds", "2"]),
    ("bench.casework", ["--pairs", "3", "--seconds", "2", "--people", "6000"]),
    ("bench.retrieval", ["--sizes", "1000,10000", "--queries", "50"]),
    ("bench.eligibility", ["--people", "10000", "--stream", "10000,100000", "--asked", "3"]),
)


def main() -> None:
    """Run them one after the other: side by side they would slow each other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of each, for a first look")
    options = parser.parse_args()
    for module, arguments in QUICK if options.quick else WHOLE:
        print(f"\n== {module}", flush=True)
        subprocess.run([sys.executable, "-m", module, *arguments], check=True)


if __name__ == "__main__":
    main()
