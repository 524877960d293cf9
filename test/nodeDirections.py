"""What of the node's runtime may import what, imports within functions included. Prints what may not, and circles."""

import ast
import glob
import os
import sys

PLACE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "templates", "etc", "keepalived")
PACKAGE = "keepalived_vip"
# A folder's modules may import what all share, their own folder's and these folders'.
MAY = {"": (), "cloud": (), "agent": ("cloud",), "user": ("agent",), "operator": ("cloud", "agent", "user")}


def name_of(path: str) -> str:
    """`keepalived_vip.agent.decide`; of a folder's `__init__.py` the folder's."""
    parts = os.path.relpath(path, PLACE)[: -len(".py")].split(os.sep)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: str, modules) -> set:
    with open(path) as file:
        tree = ast.parse(file.read())
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # The thing imported is a module, or something in one.
            both = [(node.module, "%s.%s" % (node.module, alias.name)) for alias in node.names]
            found.update(inner if inner in modules else outer for outer, inner in both)
    return found & set(modules)


def folder_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if module in FOLDERS or len(parts) > 2 else ""


def circle_through(graph: dict, start: str):
    """The modules of one that comes back to where it began, None without one."""
    ways, seen = [[start]], set()
    while ways:
        way = ways.pop()
        for module in sorted(graph[way[-1]]):
            if module == start:
                return way
            if module not in seen:
                seen.add(module)
                ways.append(way + [module])
    return None


FILES = {name_of(path): path for path in glob.glob(PLACE + "/" + PACKAGE + "/**/*.py", recursive=True)}
FOLDERS = {name for name, path in FILES.items() if path.endswith("__init__.py") and name != PACKAGE}


def problems():
    graph = {module: imports_of(path, FILES) for module, path in FILES.items()}
    for module, imported in sorted(graph.items()):
        mine = folder_of(module)
        if mine not in MAY:
            yield "%s is in a folder of which test/nodeDirections.py knows nothing" % module
            continue
        for other in sorted(imported):
            if folder_of(other) not in ("", mine) + MAY[mine]:
                yield "%s imports %s, which the design's directions do not allow" % (module, other)
    told = set()
    for module in sorted(graph):
        circle = circle_through(graph, module)
        if circle and told.isdisjoint(circle):
            told.update(circle)
            yield "in a circle: %s" % " -> ".join(circle + circle[:1])


found = list(problems())
print("\n".join(found) if found else "%d modules, no circle" % len(FILES))
sys.exit(1 if found else 0)
