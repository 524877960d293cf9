"""What the keepalived that runs holds in its hands, whatever lies under those names by now: proc(5). Takes root."""

import os
import re

WATCH = re.compile(r"^inotify wd:\S+ ino:([0-9a-f]+) sdev:([0-9a-f]+) ", re.M)


def by_keepalived():
    """(files that it has open, folders that it watches), each as (device, inode); None if it does not run."""
    found = None
    for pid in os.listdir("/proc"):
        if pid.isdigit() and is_keepalived(pid):
            found = found or (set(), set())
            look(pid, *found)
    return found


def is_keepalived(pid: str) -> bool:
    try:
        with open("/proc/%s/comm" % pid) as file:
            return file.read().startswith("keepalived")
    except OSError:  # it has ended
        return False


def look(pid: str, files: set, folders: set) -> None:
    try:
        for number in os.listdir("/proc/%s/fd" % pid):
            seen = os.stat("/proc/%s/fd/%s" % (pid, number))
            files.add((seen.st_dev, seen.st_ino))
            with open("/proc/%s/fdinfo/%s" % (pid, number)) as file:
                for inode, device in WATCH.findall(file.read()):
                    folders.add((device_of(int(device, 16)), int(inode, 16)))
    except OSError:
        pass  # a child that has ended


def device_of(kernels: int) -> int:
    """The number that stat(2) has for one of the kernel's own."""
    return os.makedev(kernels >> 20, kernels & 0xFFFFF)
