"""Which of the named Python files import which others of them, as JSON on standard output: {file: [file, ...]}."""

import ast
import json
import os
import sys


def module_of(file: str) -> tuple:
    """Where a file's module is looked up (its folder, or the one that holds its outermost package), and its name."""
    place, name = os.path.split(file[: -len(".py")])
    while os.path.exists(os.path.join(place, "__init__.py")):
        place, package = os.path.split(place)
        name = package + "." + name
    return place, name[: -len(".__init__")] if name.endswith(".__init__") else name


def named_in(file: str) -> list:
    """The dotted names that a file imports, each as a list: `from a import b` may mean a.b, else it means a."""
    package = module_of(file)[1].split(".")
    if os.path.basename(file) != "__init__.py":
        package.pop()
    names = []
    for node in ast.walk(ast.parse(open(file).read(), file)):
        if isinstance(node, ast.Import):
            names += [[alias.name] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join(above + ([node.module] if node.module else []))
            names += [[module + "." + alias.name, module] for alias in node.names]
    return names


def main(files: list) -> None:
    modules = {module_of(file): file for file in files}
    packages = sorted({place for place, name in modules if "." in name})
    graph = {}
    for file in files:
        places = [module_of(file)[0]] + packages
        graph[file] = []
        for names in named_in(file):
            hits = [modules[place, name] for name in names for place in places if (place, name) in modules]
            graph[file] += hits[:1]
    json.dump(graph, sys.stdout)


main(sys.argv[1:])
