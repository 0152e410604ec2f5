"""Print the README with its generated parts made anew, or write it."""

import argparse

from keras_rnnzoo.readme import ROOT, fill
from keras_rnnzoo.training.files import write_atomic


def main():
    parser = argparse.ArgumentParser(prog="python -m keras_rnnzoo.readme", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the README, do not print it")
    path = ROOT / "README.md"
    text = fill(path.read_text(encoding="utf-8"))
    if parser.parse_args().write:
        write_atomic(path, text)
    else:
        print(text)


if __name__ == "__main__":
    main()
