"""Headers compile alone.

A header whose .cpp includes it first is proved by the build; this check demands that order and
compiles the others by themselves: with --all every one, else those that the last commit or
uncommitted work changed.
"""
import concurrent.futures
import hashlib
import os
import pathlib
import re
import shlex
import subprocess

import tree
from tree import Finding
from check_arrows import INCLUDE

CACHE = tree.ROOT / "build/lint/headers"
OUTSIDE = {"gtest", "gmock", "rapidcheck", "nlohmann"}


def flags():
    deps = tree.ROOT / "build/deps.cmake"
    found = re.findall(r'set\((\w+) "([^"]*)"\)', deps.read_text(encoding="utf-8")) if deps.exists() else []
    known = dict(found)
    out = ["-std=c++23", "-fsyntax-only", "-x", "c++", "-Wall", "-Wextra", "-Werror", "-Wno-pragma-once-outside-header",
           "-DBOOST_ASIO_SEPARATE_COMPILATION", "-DBOOST_BEAST_SEPARATE_COMPILATION",
           "-DSPDLOG_COMPILED_LIB", "-DSPDLOG_FMT_EXTERNAL", "-DRON_VECTORS_DIR=\"\"", "-Isrc", "-Icmake/version", "-I.", "-Isdk/cpp/include", "-Isdk/cpp/src"]
    if "RON_OPENSSL_PREFIX" in known:
        out += ["-isystem", known["RON_OPENSSL_PREFIX"] + "/include"]
    if "RON_BLAKE3_DIR" in known:
        out += ["-isystem", known["RON_BLAKE3_DIR"]]
    return out


def changed():
    """Paths that differ from the commit before the last; everything where there is none."""
    done = subprocess.run(["git", "diff", "--name-only", "HEAD~1"], cwd=tree.ROOT,
                          capture_output=True, text=True, check=False)
    return set(done.stdout.split()) if done.returncode == 0 else None


def check():
    recent = None if globals().get("EVERYTHING") else changed()
    paths = set(tree.files())
    lonely = []
    for path in (f for f in tree.cpp_files() if f.endswith(".hpp")):
        source = path[:-4] + ".cpp"
        if source not in paths:
            if recent is None or path in recent:
                lonely.append(path)
            continue
        first = INCLUDE.search(tree.code(source))
        own = path.rsplit("/", 1)[-1]
        if not first or first.group(2).rsplit("/", 1)[-1] != own:
            yield Finding(source, 1, f"includes its own header {own} first, which proves that it stands alone")
        if "#pragma once" not in tree.text(path):
            yield Finding(path, 1, "has no #pragma once")
    CACHE.mkdir(parents=True, exist_ok=True)
    options = flags()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, problem in zip(lonely, pool.map(lambda p: compile_alone(p, options), lonely)):
            if problem:
                yield Finding(path, 1, problem)


def closure(path):
    """The text of a header and of all project headers it reaches: the cache's key."""
    seen, stack, text = set(), [path], []
    while stack:
        at = stack.pop()
        if at in seen:
            continue
        seen.add(at)
        text.append(tree.text(at))
        for mark, target in INCLUDE.findall(tree.text(at)):
            for root in ("src/", "", "sdk/cpp/include/", "sdk/cpp/src/", str(pathlib.Path(at).parent) + "/"):
                if root + target in tree.files():
                    stack.append(root + target)
    return "".join(sorted(text))


def compile_alone(path, options):
    key = CACHE / hashlib.sha256((closure(path) + " ".join(options)).encode()).hexdigest()[:24]
    if key.exists():
        return None
    done = subprocess.run(["clang++-19", *options, path], cwd=tree.ROOT, capture_output=True, text=True)
    if done.returncode == 0:
        key.touch()
        return None
    first = next((line for line in done.stderr.splitlines() if "error:" in line), done.stderr[:200])
    return f"does not compile alone: {first.strip()} ({shlex.join(['clang++-19', '-fsyntax-only', path])})"
