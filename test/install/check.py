#!/usr/bin/python3
"""Installs a build into a directory of its own and looks at what came: check.py BUILD_DIRECTORY"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FILES = """
bin/overlay-smoke
bin/ronctl
bin/svc-overlay
lib/systemd/system/svc-overlay.service
lib/sysusers.d/ron.conf
share/bash-completion/completions/ronctl
share/doc/ron/CHANGELOG.md
share/doc/ron/LICENSE-APACHE
share/doc/ron/LICENSE-MIT
share/doc/ron/OAP-1.md
share/doc/ron/configuration.md
share/doc/ron/control.md
share/doc/ron/dependencies.md
share/doc/ron/examples/development.toml
share/doc/ron/examples/macronode.toml
share/doc/ron/examples/mesh.toml
share/doc/ron/examples/micronode.toml
share/doc/ron/grafana/latency.json
share/doc/ron/grafana/mesh.json
share/doc/ron/grafana/overview.json
share/doc/ron/grafana/saturation.json
share/doc/ron/grafana/security.json
share/doc/ron/observability.md
share/doc/ron/prometheus/alerts.yml
share/doc/ron/prometheus/alerts_test.yml
share/doc/ron/prometheus/prometheus.yml
share/doc/ron/ronctl.md
share/doc/ron/runbook.md
share/doc/ron/security.md
share/doc/ron/svc-overlay.schema.json
share/fish/vendor_completions.d/ronctl.fish
share/man/man1/ronctl.1
share/man/man8/svc-overlay.8
share/zsh/site-functions/_ronctl
""".split()
SDK = re.compile(r"include/ron/|lib/(\S+/)?(libron_sdk\.a|cmake/ron/|pkgconfig/)")
BEGINS = {"share/man/man1/ronctl.1": ".TH RONCTL 1 ",
          "share/man/man8/svc-overlay.8": ".TH SVC\\-OVERLAY 8 ",
          "share/zsh/site-functions/_ronctl": "#compdef ronctl"}


def output_of(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **more)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(condition, text):
    if not condition:
        sys.exit(text)


def installed(build, prefix, *more, **environment):
    """Everything but the SDK, which has a test of its own, as paths from the prefix."""
    output_of("cmake", "--install", build, "--prefix", prefix, *more, env={**os.environ, **environment})
    root = pathlib.Path(environment.get("DESTDIR", "") + str(prefix))
    found = {str(p.relative_to(root)) for p in root.rglob("*") if not p.is_dir()}
    return {path for path in found if not SDK.match(path)}


def unit_names(unit, prefix):
    text = unit.read_text(encoding="utf-8")
    start = re.search(r"^ExecStart=(\S+)", text, re.M).group(1)
    expect(start == f"{prefix}/bin/svc-overlay", f"the unit starts {start}")
    document = re.search(r"^Documentation=file://(\S+)", text, re.M).group(1)
    expect(document == f"{prefix}/share/doc/ron/runbook.md", f"the unit names {document}")


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="ron-install-") as temporary:
        prefix = pathlib.Path(temporary) / "prefix"
        found = installed(build, prefix)
        expect(found == set(FILES), f"missing: {sorted(set(FILES) - found)}\n"
                                    f"unexpected: {sorted(found - set(FILES))}")
        for name in ("svc-overlay", "ronctl", "overlay-smoke"):
            expect(output_of(prefix / "bin" / name, "--version" if name == "svc-overlay" else "--help"),
                   f"{name} says nothing")
        for path, begins in BEGINS.items():
            text = (prefix / path).read_text(encoding="utf-8")
            expect(any(line.startswith(begins) for line in text.splitlines()[:5]),
                   f"{path} does not begin with {begins}")
        output_of("bash", "-n", prefix / "share/bash-completion/completions/ronctl")
        expect("complete -c ronctl" in (prefix / "share/fish/vendor_completions.d/ronctl.fish")
               .read_text(encoding="utf-8"), "no completions for fish")
        for example in ("micronode", "development"):   # the third names certificates of a real node
            output_of(prefix / "bin/svc-overlay", "--check", "--config",
                      prefix / f"share/doc/ron/examples/{example}.toml")
        unit_names(prefix / "lib/systemd/system/svc-overlay.service", prefix)
        # As a package is made: staged, for another place.
        stage = pathlib.Path(temporary) / "stage"
        expect(installed(build, "/usr", DESTDIR=str(stage)) == set(FILES), "a staged install differs")
        unit_names(stage / "usr/lib/systemd/system/svc-overlay.service", "/usr")
        tools = installed(build, pathlib.Path(temporary) / "tools", "--component", "tools")
        expect("bin/ronctl" in tools and "bin/svc-overlay" not in tools, f"tools: {sorted(tools)}")


if __name__ == "__main__":
    main()
