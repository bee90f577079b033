"""Each third-party header, CMake package and Debian package has a line in docs/dependencies.md."""
import re

import tree
from tree import Finding
from check_arrows import INCLUDE, SYSTEM, THIRD_PARTY_H

DOC = "docs/dependencies.md"
# A header's first path element -> the name that docs/dependencies.md must carry.
NAMES = {"blake3.h": "librust-blake3-dev", "zstd.h": "libzstd-dev", "zstd_errors.h": "libzstd-dev",
         "toml++": "libtomlplusplus-dev", "nlohmann": "nlohmann-json3-dev", "boost": "libboost1.81-dev",
         "openssl": "OpenSSL", "spdlog": "libspdlog-dev", "fmt": "libfmt-dev", "gtest": "libgtest-dev",
         "gmock": "libgmock-dev", "rapidcheck": "librapidcheck-dev", "rapidcheck.h": "librapidcheck-dev",
         "benchmark": "libbenchmark-dev", "CLI": "libcli11-dev"}


def check():
    if DOC not in tree.files():
        yield Finding(DOC, 0, "is missing")
        return
    doc = tree.text(DOC)
    for path in tree.cpp_files():
        for mark, target in INCLUDE.findall(tree.text(path)):
            first = target.split("/")[0]
            if mark == '"' or first == "ron":
                continue
            if target not in THIRD_PARTY_H and first not in NAMES and SYSTEM.match(target):
                continue
            name = NAMES.get(first)
            if name is None:
                yield Finding(path, 0, f"<{target}> belongs to no dependency that this check knows")
            elif name not in doc:
                yield Finding(DOC, 0, f"{name} (for <{first}>) has no line")
    setup = tree.text("tools/dev/setup.sh")
    for package in re.search(r"^PACKAGES=\(([^)]*)\)", setup, re.M).group(1).split():
        if not re.search(rf"(?<![\w.-]){re.escape(package)}(?![\w-])", doc):
            yield Finding(DOC, 0, f"{package} (tools/dev/setup.sh) has no line")
