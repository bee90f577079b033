"""Certificates for tests, made by the openssl command: a CA, node and client certificates."""
import os
import subprocess
import time

OPENSSL = os.environ.get("RON_SYSTEM_OPENSSL", "/usr/bin/openssl")
ALGORITHMS = {"ed25519": ["-algorithm", "ed25519"],
              "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]}


def run(*args, **kw):
    done = subprocess.run([OPENSSL, *args], capture_output=True, text=True, timeout=30, **kw)
    if done.returncode:
        raise RuntimeError(f"openssl {' '.join(args)}: {done.stderr}")
    return done.stdout


class Authority:
    """A CA in a directory; issue() gives (certificate path, key path), the key 0600."""

    def __init__(self, directory, name="ca"):
        os.makedirs(directory, exist_ok=True)
        self.directory, self.name = directory, name
        self.cert = self._path("pem")
        self.key = self._path("key")
        self._key(self.key, "ed25519")
        run("req", "-x509", "-new", "-key", self.key, "-out", self.cert, "-days", "30",
            "-subj", f"/CN=test {name}",
            "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def _path(self, suffix, name=None):
        return os.path.join(self.directory, f"{name or self.name}.{suffix}")

    @staticmethod
    def _key(path, algorithm):
        run("genpkey", *ALGORITHMS[algorithm], "-out", path)
        os.chmod(path, 0o600)

    def issue(self, name, san, usage, algorithm="ed25519", days=7, until=None):
        """`days` below zero gives a certificate that has already expired; `until`: Unix time."""
        cert, key, request = (self._path(s, name) for s in ("pem", "key", "csr"))
        self._key(key, algorithm)
        run("req", "-new", "-key", key, "-out", request, "-subj", f"/CN={name}")
        extensions = self._path("ext", name)
        with open(extensions, "w", encoding="utf-8") as out:
            out.write(f"subjectAltName={san}\nextendedKeyUsage={usage}\n"
                      "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n")
        if until:
            self._sign_until(request, extensions, cert, until)
            return cert, key
        when = ["-days", str(days)]
        run("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key,
            "-CAcreateserial", "-extfile", extensions, "-out", cert, *when)
        return cert, key

    def _sign_until(self, request, extensions, cert, until):
        """`openssl x509` counts in days only; `openssl ca` takes an end."""
        config, database = self._path("cnf", "until"), self._path("db", "until")
        with open(database, "w", encoding="ascii"):
            pass
        with open(config, "w", encoding="utf-8") as out:
            out.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={database}\nrand_serial=yes\n"
                      f"new_certs_dir={self.directory}\ndefault_md=default\npolicy=p\n"
                      "unique_subject=no\n[p]\ncommonName=supplied\n")
        end = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(until))
        run("ca", "-batch", "-notext", "-config", config, "-in", request, "-out", cert,
            "-cert", self.cert, "-keyfile", self.key, "-enddate", end, "-extfile", extensions)

    def server(self, name="node", **kw):
        return self.issue(name, "DNS:localhost,IP:127.0.0.1,URI:ron:node:" + name,
                          "serverAuth,clientAuth", **kw)

    def client(self, name="alice", **kw):
        return self.issue(name, "URI:ron:client:" + name, "clientAuth", **kw)
