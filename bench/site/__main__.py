"""``python -m bench.site NAME [ARGUMENT ...]``: print as JSON what ``main`` of that module here returns."""

import importlib
import json
import sys

import django

django.setup()
name, *arguments = sys.argv[1:]
print(json.dumps(importlib.import_module(f"bench.site.{name}").main(*arguments)))
