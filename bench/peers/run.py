#!/usr/bin/env python3
"""Orchestrates the peer measurements; started by run.sh inside a private network
namespace.  Appends one JSON object per run to build/results.jsonl."""
import argparse, json, os, re, shutil, signal, subprocess, sys, time, tempfile

B = os.environ["BUILD"]; OURS = os.environ["OURS"]; CC = os.environ.get("CC", "?")
SIZES = [16, 128, 1024, 16384, 65536, 1000000]
TMP = tempfile.mkdtemp(prefix="peers.")
PORT = 7400
CERT, KEY = TMP + "/cert.pem", TMP + "/key.pem"

def w(path, text):
    with open(path, "w") as f: f.write(text)
    return path

def nats(tls):
    c = f'host: "127.0.0.1"\nport: {PORT}\nmax_connections: 20000\nmax_payload: 1048576\nping_interval: "10m"\n'
    if tls: c += f'tls {{ cert_file: "{CERT}"\n key_file: "{KEY}"\n timeout: 20 }}\n'
    return ["nats-server", "-c", w(TMP + "/nats.conf", c)], PORT, 0
def redis(tls):
    a = ["redis-server", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--maxclients", "15000", "--tcp-backlog", "4096",
         "--client-output-buffer-limit", "pubsub 0 0 0", "--daemonize", "no", "--dir", TMP]
    return a + (["--port", "0", "--tls-port", str(PORT), "--tls-cert-file", CERT, "--tls-key-file", KEY, "--tls-ca-cert-file", CERT, "--tls-auth-clients", "no"]
                if tls else ["--port", str(PORT)]), PORT, 0
def mqtt(tls):
    c = f"listener {PORT} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_connections -1\npersistence false\nlog_dest none\nset_tcp_nodelay true\nsys_interval 0\nuser root\n"
    if tls: c += f"certfile {CERT}\nkeyfile {KEY}\ntls_version tlsv1.3\n"
    return ["mosquitto", "-c", w(TMP + "/mosq.conf", c)], PORT, 0
def ours(tls):
    c = f"""profile = "micronode"
[overlay]
listen = "127.0.0.1:{PORT}"
shards = 1
[overlay.peer]
max_rps = 10000000
max_fps = 100000000
inflight_frames = 65536
recv_window_frames = 256
[limits]
peer_queue_bytes = "32MiB"
peer_queue_frames = 1048576
total_queue_bytes = "4GiB"
[timeouts]
idle = "1h"
[transport]
max_conns = 20000
accept_rate = 1000000
accept_burst = 1000000
backlog = 4096
[observability]
metrics_addr = ""
[log]
level = "warn"
"""
    if tls: c += f'[tls]\nenabled = true\ncert_path = "{CERT}"\nkey_path = "{KEY}"\n'
    return [OURS, "--config", w(TMP + "/ours.toml", c)], PORT, 0
# name -> (codec, start(tls) -> (argv, port, pub_port), tls possible, extra lg options)
SERVERS = {
    "frame": ("frame", lambda t: ([B + "/relayt", str(PORT), "frame", CERT, KEY] if t else [B + "/relay", str(PORT), "frame"], PORT, 0), True, []),
    "bytes": ("frame", lambda t: ([B + "/relay", str(PORT), "bytes"], PORT, 0), False, []),
    "frame-uds": ("frame", lambda t: ([B + "/relay", TMP + "/r.sock", "frame"], PORT, 0), False, ["--uds", TMP + "/r.sock"]),
    "nats": ("nats", nats, True, []),
    "redis": ("redis", redis, True, []),
    "redis-noreply": ("redis-noreply", redis, True, []),
    "mqtt": ("mqtt", mqtt, True, ["--window", "65536"]),     # slow per packet: a short queue drains in time
    "zmq": ("zmq", lambda t: ([B + "/zmqproxy", str(PORT)], PORT, PORT + 1), False, []),
    "ours": ("ours", ours, True, []),
}

def status(pid, k):
    for l in open(f"/proc/{pid}/status"):
        if l.startswith(k): return int(l.split()[1])
    return 0
def pss(pid):
    for l in open(f"/proc/{pid}/smaps_rollup"):
        if l.startswith("Pss:"): return int(l.split()[1])
def slab():
    return sum(int(l.split()[1]) for l in open("/proc/meminfo") if l.startswith("Slab:"))
def busy():
    f = [int(x) for x in open("/proc/stat").readline().split()[1:]]
    return (sum(f[:3]) + sum(f[5:8])) / 100.0, f[7] / 100.0

class Server:
    def __init__(s, name, tls, pin, rt=False):
        s.name, s.tls, s.pin, s.rt, s.dirty = name, tls, pin, rt, False
        s.start()
    def start(s):
        name, tls, pin, rt, s.dirty = s.name, s.tls, s.pin, s.rt, False
        argv, s.port, s.pub_port = SERVERS[name][1](tls)
        if rt: argv = ["chrt", "-f", "1"] + argv      # latency runs: other work must not delay the server's wake-up
        if pin: argv = ["taskset", "-c", "0"] + argv
        s.p = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=open(TMP + f"/{name}.log", "a"))
        import socket
        for _ in range(100):
            time.sleep(0.05)
            if s.p.poll() is not None: raise RuntimeError(f"{name} exited: " + open(TMP + f"/{name}.log").read()[-400:])
            try:
                if "--uds" in SERVERS[name][3]:
                    if os.path.exists(SERVERS[name][3][1]): break
                    continue
                socket.create_connection(("127.0.0.1", s.port), 1).close(); break
            except OSError: pass
        time.sleep(0.2)
    def stop(s):
        s.p.send_signal(signal.SIGTERM)
        try: s.p.wait(5)
        except subprocess.TimeoutExpired: s.p.kill(); s.p.wait()

def lg(srv, work, out, idle_probe=False, **kw):
    if srv.dirty: srv.stop(); srv.start()           # a failed run may have left a backlog behind
    a = [B + ("/lgt" if srv.tls else "/lg"), "--codec", SERVERS[srv.name][0], "--port", str(srv.port), "--pub-port", str(srv.pub_port), "--pid", str(srv.p.pid),
         "--tls", str(int(srv.tls))] + SERVERS[srv.name][3]
    for k, v in kw.items(): a += ["--" + k.replace("_", "-"), str(v)]
    if srv.pin: a = ["taskset", "-c", "1"] + a
    try: open(f"/proc/{srv.p.pid}/clear_refs", "w").write("5")
    except OSError: pass
    rss0, slab0 = status(srv.p.pid, "VmRSS"), slab()
    (b0, s0), t0 = busy(), time.time()
    p = subprocess.Popen(a, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
    extra = {}
    try:
        if idle_probe:
            l = p.stderr.readline()
            if not l.startswith("IDLE"): raise RuntimeError(l + p.stderr.read())
            time.sleep(1.0)
            n = kw["idle"]
            extra = {"rss_kB_per_conn": round((status(srv.p.pid, "VmRSS") - rss0) / n, 2), "pss_kB": pss(srv.p.pid), "slab_kB_per_conn_both_ends": round((slab() - slab0) / n, 2), "rss0_kB": rss0}
            p.stdin.write("x"); p.stdin.flush()
        so, se = p.communicate(timeout=90)
    except (subprocess.TimeoutExpired, RuntimeError) as e:
        p.kill(); p.wait(); so, se = "", repr(e)
    el = time.time() - t0; (b1, s1) = busy()
    try: r = json.loads(so)
    except ValueError: r = {"error": (se or so)[-300:].strip(), **{k: v for k, v in kw.items()}}
    r.update(extra); r.update(server=srv.name, work=work, pin=srv.pin, cc=CC, tls=int(srv.tls))
    if srv.p.poll() is None: r["peak_rss_kB"] = status(srv.p.pid, "VmHWM")
    else: r["error"] = r.get("error", "") + " server died"
    if "srv_util" in r:   # other processes' CPU share of one core, and stolen time
        own = (r["srv_util"] + 1.0) * el
        r["noise"] = round(max(0, (b1 - b0) - own) / el, 2); r["steal"] = round((s1 - s0) / el, 2)
    srv.dirty = "error" in r or r.get("lost", 0) != 0
    with open(out, "a") as f: f.write(json.dumps(r) + "\n")
    keys = ("error", "size", "msgs_s", "MB_s", "srv_cpu_per_M", "srv_util", "lost", "p50", "p99", "p999", "rss_kB_per_conn", "conn_per_s", "srv_cpu_us_per_conn", "peak_rss_kB", "noise")
    print(srv.name, work, "tls" if srv.tls else "", " ".join(f"{k}={r[k]}" for k in keys if k in r), flush=True)
    return r

def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--servers", default="ours,frame,nats,redis,mqtt,zmq,bytes,redis-noreply,frame-uds")
    ap.add_argument("--work", default="limits,w1,w2,w3,w4,w5,w6,w7,unpinned,hs")
    ap.add_argument("--reps", type=int, default=3); ap.add_argument("--secs", type=float, default=1.2)
    ap.add_argument("--quick", action="store_true"); ap.add_argument("--out", default=B + "/results.jsonl")
    ap.add_argument("--sizes", default=",".join(map(str, SIZES)))
    o = ap.parse_args()
    sizes = [int(x) for x in o.sizes.split(",")]; reps = o.reps
    if o.quick: sizes, reps, o.secs = [s for s in sizes if s in (128, 1024, 65536)], 1, 1.0
    work, names = o.work.split(","), o.servers.split(",")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", KEY, "-out", CERT, "-days", "30", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
    T = dict(warm=0.4, secs=o.secs)
    def thr(srv, wk, sz, subs, pubs=1, topics=1):
        for _ in range(reps): lg(srv, wk, o.out, size=sz, subs=subs, pubs=pubs, topics=topics, **T)
    def many(name, tls, pin, jobs, rt=False):
        try: s = Server(name, tls, pin, rt)
        except (RuntimeError, OSError) as e: print("SKIP", name, e); return
        try:
            for j in jobs:
                if s.p.poll() is not None: s = Server(name, tls, pin, rt)
                j(s)
        finally: s.stop()
    def emit(cmd, tag):
        r = subprocess.run(cmd, capture_output=True, text=True, timeout=200)
        for l in r.stdout.splitlines():
            try: d = json.loads(l)
            except ValueError: continue
            d.update(server="limit", work=tag, cc=CC)
            with open(o.out, "a") as f: f.write(json.dumps(d) + "\n")
            print(tag, l, flush=True)
        if r.returncode: print(tag, "rc", r.returncode, r.stderr[-300:])
    if "limits" in work:
        emit([B + "/limits"], "limits")
        if os.path.exists(B + "/aead"): emit(["taskset", "-c", "1", B + "/aead", CERT, KEY], "aead")
        if shutil.which("b3sum"):
            p = TMP + "/1g"; d = os.urandom(1 << 20)
            with open(p, "wb") as f:
                for _ in range(1024): f.write(d)
            for nm, n in (("1 GiB", 1 << 30),):
                best = 9e9
                for _ in range(3): t = time.time(); subprocess.run(["taskset", "-c", "1", "b3sum", "--num-threads", "1", p], stdout=subprocess.DEVNULL); best = min(best, time.time() - t)
                d = {"limit": "b3sum_1thread", "GB_s": round(n / best / 1e9, 2), "server": "limit", "work": "limits"}; open(o.out, "a").write(json.dumps(d) + "\n"); print(d, flush=True)
            os.unlink(p)
        if shutil.which("iperf3"):
            s = subprocess.Popen(["taskset", "-c", "0", "iperf3", "-s", "-1", "-B", "127.0.0.1", "-p", "7390"], stdout=subprocess.DEVNULL); time.sleep(.4)
            r = subprocess.run(["taskset", "-c", "1", "iperf3", "-c", "127.0.0.1", "-p", "7390", "-t", "2", "-J"], capture_output=True, text=True)
            try: d = {"limit": "iperf3_tcp", "MB_s": round(json.loads(r.stdout)["end"]["sum_received"]["bits_per_second"] / 8e6), "server": "limit", "work": "limits"}; open(o.out, "a").write(json.dumps(d) + "\n"); print(d, flush=True)
            except (ValueError, KeyError): pass
            try: s.wait(5)
            except subprocess.TimeoutExpired: s.kill()
    for n in names:
        if n not in SERVERS: print("unknown server", n); continue
        J = []
        full = n not in ("bytes", "redis-noreply", "frame-uds")
        for sz in sizes:
            if "w1" in work: J.append(lambda s, sz=sz: thr(s, "w1", sz, 1))
        if full or n == "redis-noreply":
            for sz in sizes:
                if "w2" in work: J.append(lambda s, sz=sz: thr(s, "w2", sz, 50))
        if full:
            for sz in sizes:
                if "w3" in work: J.append(lambda s, sz=sz: thr(s, "w3", sz, 10, 10, 10))
        if J: many(n, False, True, J)
        if "w4" in work and n != "bytes" and n != "redis-noreply":
            r4 = reps if o.quick else reps + 2
            J = [lambda s, sz=sz: [lg(s, "w4", o.out, size=sz, subs=1, pubs=1, rate=5000, warm=0.3, secs=2.5) for _ in range(r4)] for sz in (128, 1024)]
            J += [lambda s: [lg(s, "w4fan", o.out, size=128, subs=50, pubs=1, rate=500, warm=0.3, secs=2.5) for _ in range(r4)]]
            many(n, False, True, J, True)
        if "w5" in work and full:
            for idle in ((5000, 10000) if not o.quick else (5000,)):
                if n == "redis" and idle > 9900: idle = 9900
                for _ in range(reps):
                    many(n, False, True, [lambda s: lg(s, "w5", o.out, True, size=128, subs=1, pubs=1, rate=5000, idle=idle, warm=0.5, secs=2.5)], True)
        if "w7" in work and full and n != "zmq":   # 100 publishers, each with ONE message in flight, own topic and subscriber: no batching by any publisher
            many(n, False, True, [lambda s, sz=sz: [lg(s, "w7", o.out, size=sz, pubs=100, topics=100, subs=1, window=1, minwin=1, **T) for _ in range(reps)] for sz in (128, 1024)])
        if "unpinned" in work and full:
            J = [lambda s, sz=sz, k=k, f=f: thr(s, k, sz, f) for sz in (128, 1024, 16384) for k, f in (("w1", 1), ("w2", 50))]
            J += [lambda s, sz=sz: [lg(s, "w4", o.out, size=sz, subs=1, pubs=1, rate=5000, warm=0.5, secs=3) for _ in range(reps)] for sz in (128,)]
            many(n, False, False, J)
        if "w6" in work and SERVERS[n][2] and full and os.path.exists(B + "/lgt"):
            J = [lambda s, sz=sz: thr(s, "w1", sz, 1) for sz in sizes if sz >= 128] + [lambda s, sz=sz: thr(s, "w2", sz, 50) for sz in sizes if sz in (128, 1024, 16384)]
            many(n, True, True, J)
            many(n, True, True, [lambda s: [lg(s, "w4", o.out, size=128, subs=1, pubs=1, rate=5000, warm=0.3, secs=2.5) for _ in range(reps)]], True)
            for _ in range(min(reps, 2)):
                many(n, True, True, [lambda s: lg(s, "w5", o.out, True, size=128, subs=1, pubs=1, rate=5000, idle=5000, warm=0.5, secs=2, connect_par=32)], True)
    if "hs" in work and os.path.exists(B + "/tls_hs"):
        certs = {"p256": (CERT, KEY)}
        for nm, args in (("ed25519", ["-newkey", "ed25519"]), ("rsa2048", ["-newkey", "rsa:2048"])):
            c, k = f"{TMP}/{nm}.pem", f"{TMP}/{nm}.key"
            subprocess.run(["openssl", "req", "-x509", *args, "-nodes", "-keyout", k, "-out", c, "-days", "30", "-subj", "/CN=localhost"], check=True, stderr=subprocess.DEVNULL)
            certs[nm] = (c, k)
        def hs(cert, group, mode, tickets, mtls=False):
            c, k = certs[cert]
            s = subprocess.Popen(["taskset", "-c", "0", B + "/tls_hs", "server", str(PORT), c, k, str(tickets)] + (["mtls"] if mtls else [])); time.sleep(.3)
            for _ in range(reps):
                r = subprocess.run(["taskset", "-c", "1", B + "/tls_hs", "client", str(PORT), "2", "8", str(s.pid), group, mode] + ([c, k] if mtls else []), capture_output=True, text=True, timeout=60)
                try: d = json.loads(r.stdout)
                except ValueError: print("hs", cert, group, mode, r.stderr[-300:]); continue
                d.update(server="openssl3.5", work="hs", cert=cert, group=group, tickets=tickets, mtls=int(mtls)); open(o.out, "a").write(json.dumps(d) + "\n"); print(d, flush=True)
            s.terminate(); s.wait()
        for g in ("X25519", "X25519MLKEM768"):
            hs("p256", g, "FULL", 0); hs("p256", g, "FULL", 2); hs("p256", g, "RESUME", 1); hs("ed25519", g, "FULL", 0); hs("p256", g, "FULL", 0, True); hs("ed25519", g, "FULL", 0, True)
        hs("rsa2048", "X25519", "FULL", 0)
    shutil.rmtree(TMP, ignore_errors=True)

main()
