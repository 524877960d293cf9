"""Whether the node's files are those that were pushed. Changes nothing.

The account is kept by install.sh: `files` has a line "mode owner path" for each, `sums` what sha256sum prints for it.
"""

import grp
import hashlib
import itertools
import os
import pwd
import stat


def account(folder: str) -> dict:
    """{path: (mode, owner, sha256)}. Raises OSError or ValueError when it is not whole."""
    pushed = {}
    with open(folder + "/files") as files, open(folder + "/sums") as sums:
        for line, digest in itertools.zip_longest(files, sums, fillvalue=""):
            mode, owner, path = line.rstrip("\n").split(" ", 2)
            if digest[64:] != "  .%s\n" % path:
                raise ValueError("its two lists do not fit together")
            pushed[path] = (mode, owner, digest[:64])
    if not pushed:
        raise ValueError("it names no files")
    return pushed


def changed(pushed: dict) -> list:
    """A line "path: what is wrong" for each file that is not as it was pushed."""
    found = [(path, problem_of(path, *wanted)) for path, wanted in sorted(pushed.items())]
    return ["%s: %s" % row for row in found if row[1]]


def problem_of(path: str, mode: str, owner: str, digest: str) -> str:
    try:
        seen = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    # No link is followed and no pipe waited for.
    if not stat.S_ISREG(seen.st_mode):
        return "no file any more"
    with open(path, "rb") as file:
        is_same = hashlib.sha256(file.read()).hexdigest() == digest
    now = "%04o" % stat.S_IMODE(seen.st_mode)
    owned = "%s:%s" % (name_of(pwd.getpwuid, seen.st_uid), name_of(grp.getgrgid, seen.st_gid))
    facts = [
        (not is_same, "changed"),
        (now != mode, "mode %s, not %s" % (now, mode)),
        (owned != owner, "owner %s, not %s" % (owned, owner)),
    ]
    return ", ".join(text for differs, text in facts if differs)


def name_of(entry_of, number: int) -> str:
    try:
        return entry_of(number)[0]
    except KeyError:
        return str(number)
