import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { debianSources } from "../../lab/fabric/image/aptSources.ts";
import { systemOf } from "../../lab/fabric/image/systems.ts";

describe("the image's package sources", () => {
  let dir = "";
  let osRelease = "";
  const put = (path: string, text: string) => writeFileSync(join(dir, path), text);

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "apt-sources-"));
    mkdirSync(join(dir, "sources.list.d"));
    osRelease = join(dir, "os-release");
    writeFileSync(osRelease, "ID=debian\nVERSION_CODENAME=bookworm\n");
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it("are of the suite that plays the cloud's image, which no unknown system has", () => {
    const played = { "Debian 11.4 64bit": "bullseye", "Debian 12.0 64位": "bookworm", "Debian 13": "trixie" };
    for (const [name, suite] of Object.entries(played)) assert.equal(systemOf(name).name, suite);
    assert.equal(systemOf("Ubuntu Server 22.04 LTS 64位").name, "ubuntu-like");
    for (const name of ["Windows Server 2022", "Debian 10.2 64bit", "Debian", ""]) {
      assert.throws(() => systemOf(name), /it has Debian 11, 12 and 13/);
    }
  });

  it("are the host's Debian archives, and no other vendor's", () => {
    put(
      "sources.list.d/debian.sources",
      "Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm bookworm-updates\nComponents: main\n\n" +
        "Types: deb\n# a comment\nURIs: http://mirror.test/security\nSuites: bookworm-security\nComponents: main\n",
    );
    put("sources.list.d/node.sources", "Types: deb\nURIs: http://other.test\nSuites: nodistro\nComponents: main\n");
    put("sources.list.d/cloud.list", "deb http://other.test/apt cloud-sdk-bookworm main\n");
    const found = debianSources("bookworm", dir, osRelease);
    assert.deepEqual(Object.keys(found), ["sources"]);
    assert.equal((found.sources?.match(/mirror\.test/g) ?? []).length, 2);
    assert.doesNotMatch(found.sources ?? "", /other\.test/);
  });

  it("are read from one-line files too, and name the suite that is wanted", () => {
    put(
      "sources.list",
      "# deb http://old.test/debian bookworm main\ndeb [arch=amd64] http://mirror.test/debian bookworm main contrib\n" +
        "deb http://mirror.test/security bookworm-security main\ndeb-src http://mirror.test/debian bookworm main\n",
    );
    const found = debianSources("trixie", dir, osRelease);
    assert.equal(
      found.list,
      "deb [arch=amd64] http://mirror.test/debian trixie main contrib\ndeb http://mirror.test/security trixie-security main\n",
    );
  });

  it("are nobody's when the host has none, so that the builder's default applies", () => {
    assert.deepEqual(debianSources("bookworm", dir, osRelease), {});
  });
});
