"""Shell scripts pass shellcheck (warnings and errors), Python files parse."""
import ast
import shutil
import subprocess

import tree
from tree import Finding


def check():
    shell = [f for f in tree.files() if f.endswith(".sh") or f in ("dev", ".ci/run")]
    if shutil.which("shellcheck") and shell:
        done = subprocess.run(["shellcheck", "-x", "-S", "warning", "-e", "SC2034", "-f", "gcc", *shell],
                              cwd=tree.ROOT, capture_output=True, text=True)
        for line in done.stdout.splitlines():
            path, number, _, rest = line.split(":", 3)
            yield Finding(path, int(number), rest.strip())
    for path in (f for f in tree.files() if f.endswith(".py")):
        try:
            ast.parse(tree.text(path), path)
        except SyntaxError as error:
            yield Finding(path, error.lineno or 0, error.msg)
