"""Which file of Paywright imports which."""

from graphlib import TopologicalSorter

import grimp


def test_no_files_import_each_other_in_a_circle() -> None:
    files = grimp.build_graph("paywright", cache_dir=None)
    imported = {name: files.find_modules_directly_imported_by(name) for name in files.modules}

    # Raises CycleError with the files of a circle.
    TopologicalSorter(imported).prepare()
