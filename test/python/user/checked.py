"""A place in which a check of the user's service runs."""

import os
import shutil
import subprocess
import tempfile
import unittest

import support
from keepalived_vip import settings


class Place(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.run_dir = self.folder + "/run"
        os.mkdir(self.run_dir)
        self.children = []
        self.addCleanup(self.end_children)

    def end_children(self):
        for child in self.children:
            child.kill()
            child.wait()

    def process(self, *argv):
        child = subprocess.Popen(argv or ("sleep", "1000"))
        self.children.append(child)
        return child

    def path(self, name: str, text=None, mode: int = 0o644) -> str:
        path = os.path.join(self.folder, name)
        if text is not None:
            with open(path, "w") as file:
                file.write(str(text))
            os.chmod(path, mode)
        return path

    def check(self, kind: str, target, **changes) -> dict:
        common = {"intervalS": 0.05, "timeoutS": 30, "fall": 2, "rise": 2, "secret": False}
        return dict(common, kind=kind, target=target, **changes)

    def conf(self, check=None):
        values = support.values(healthCheck=check, address="127.0.0.1")
        return settings.Settings(values, self.run_dir, self.folder, self.folder + "/log", lib=self.folder + "/lib")
