from typing import Any

from django.core.management.base import BaseCommand

from shop.demo.load import load_demo


class Command(BaseCommand):
    """``manage.py load_demo``"""

    help = "Add the demo catalogue; what is there already stays as it is."

    def handle(self, *_args: Any, **options: Any) -> None:
        added = load_demo()
        if options["verbosity"]:
            self.stdout.write(f"{added} products added.")
