"""``python -m bench paywright``: measure, and print what was found."""

import argparse
import importlib

parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
parser.add_argument("name", choices=["paywright"])
importlib.import_module(f"bench.{parser.parse_args().name}").run()
