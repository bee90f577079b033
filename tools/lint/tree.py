"""The tracked tree as the checks see it: files, folders, C++ text without comments and strings."""
import functools
import pathlib
import re
import subprocess
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORE = ("base", "oap", "policy", "config", "session", "gossip", "mesh", "node")
CPP = (".cpp", ".hpp")


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}" if self.line else f"{self.path}: {self.text}"


@functools.cache
def files() -> tuple[str, ...]:
    """Every tracked or new (not ignored) file that exists, as a path from the root."""
    out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return tuple(sorted({f for f in out.split("\0") if f and (ROOT / f).is_file()}))


@functools.cache
def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def cpp_files() -> list[str]:
    return [f for f in files() if f.endswith(CPP)]


def folder(path: str) -> str:
    """The folder of arrows.toml a path belongs to: 'oap', 'sdk', 'sim'; '' outside of them."""
    parts = path.split("/")
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    return parts[0] if parts[0] in ("sdk", "sim") else ""


def is_core(path: str) -> bool:
    return path.startswith("src/") and folder(path) in CORE


def is_test(path: str) -> bool:
    """Tests, their twins and their helpers: held to the tests' rules, not to the core's."""
    name = path.rsplit("/", 1)[-1]
    return (path.startswith(("test/", "bench/"))
            or re.search(r"_(test|model|rig)\.(cpp|hpp)$|^test_.*|_test_\w+\.hpp$", name) is not None)


_TOKEN = re.compile(
    r'R"(?P<d>[^()\s\\]{0,16})\(.*?\)(?P=d)"|//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'',
    re.S)
_DIGIT_SEPARATOR = re.compile(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])")


@functools.cache
def code(path: str) -> str:
    """A C++ file with comments and literals blanked; line numbers stay. Includes are kept."""
    raw = _DIGIT_SEPARATOR.sub("_", text(path))

    def blank(match):
        start = raw.rfind("\n", 0, match.start()) + 1
        if raw[start:match.start()].lstrip().startswith("#include"):
            return match.group(0)
        return re.sub(r"[^\n]", " ", match.group(0))

    return _TOKEN.sub(blank, raw)
