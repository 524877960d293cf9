"""The API's client with a fake cloud at the other end."""

import os
import shutil
import tempfile
import unittest

import support
from fake_cloud import FakeCloud
from keepalived_vip import cloud, http1, settings
from keepalived_vip.agent.vip import calls
from keepalived_vip.cloud import credentials


class WithCloud(unittest.TestCase):
    eip = None

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.etc = self.folder + "/etc"
        os.mkdir(self.etc)
        self.cloud = FakeCloud(eip=self.eip)
        self.addCleanup(self.cloud.close)
        self.api = self.make([self.cloud.endpoint])

    def make(self, endpoints):
        values = support.values(vpcEndpoints=endpoints, eipId=self.eip)
        self.conf = settings.Settings(values, self.folder, self.etc, "", self.cloud.endpoint, "http")
        addresses = http1.Addresses(self.conf.addresses_file)
        api = cloud.Api(self.conf, credentials.Credentials(self.conf, addresses), addresses)
        self.addCleanup(lambda: api.kept and api.kept.close())
        return api

    def describe(self):
        return calls.describe(self.api, self.conf)
