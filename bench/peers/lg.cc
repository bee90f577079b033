// lg: one-thread epoll load generator, protocol given by a Codec (codec.h).
// Publishers send from a pre-encoded buffer; subscribers count frames by
// prefix compare + constant skip, discarding payload bytes in the kernel
// (MSG_TRUNC) where that is possible.  Prints one JSON object.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <algorithm>
#include <vector>
#include "codec.h"
#ifdef LG_TLS
#include <openssl/err.h>
#include <openssl/ssl.h>
#endif

static uint64_t now_ns() { timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000ull + t.tv_nsec; }
static double proc_cpu(clockid_t c) { timespec t; if (clock_gettime(c, &t)) return 0; return t.tv_sec + t.tv_nsec * 1e-9; }
[[noreturn]] static void die(const char* f, const char* a = "") { fprintf(stderr, "lg: "); fprintf(stderr, f, a); fprintf(stderr, " (errno %d)\n", errno); exit(2); }

struct Opt {
  std::string codec = "nats", host = "127.0.0.1", uds, group;
  int port = 4222, pub_port = 0, pid = 0, pubs = 1, subs = 1, topics = 1, idle = 0, tls = 0, trunc = 1, coalesce_us = 0, spin = 1;
  size_t size = 128, window = 1 << 20, minwin = 8; uint64_t max_msgs = 1ull << 40;
  double warm = 0.5, secs = 2, rate = 0; int connect_par = 128;
} o;

struct Conn {
  int fd = -1; Role role; int topic = 0; int id = 0; bool ready = false, connecting = true, tls_now = false, writable = true;
  int step = 0; std::string in, out, tname;
  // subscriber
  uint64_t got = 0; size_t skip = 0; char carry[256]; uint32_t ncarry = 0;
  // publisher
  uint64_t sent_bytes = 0; size_t off = 0; std::string enc; size_t flen = 0; size_t plen = 0; uint64_t sent_msgs = 0; std::string pend;
  // expected delivery
  std::string mp; size_t mlen = 0, stamp_at = 0;
  uint64_t lagged = 0, owed = 0;                     // dropped by the server and told; consumed, credit not yet given back
  bool limited = false; int64_t credit = 0;          // publisher: bytes it may still send
#ifdef LG_TLS
  SSL* ssl = nullptr; BIO* wb = nullptr; std::string wbuf; size_t woff = 0;
#endif
};

static int ep;
static std::vector<Conn*> pubs, subs, idles;
static std::vector<std::vector<Conn*>> by_topic;
static char* rbuf; static const size_t RB = 1 << 20;
static std::vector<uint32_t> lat; static bool latency = false, measuring = false;
static uint64_t t_recv;
static std::unique_ptr<Codec> cd;
static uint64_t delivered = 0, n_read = 0, n_write = 0;

#ifdef LG_TLS
static SSL_CTX* ctx;
static bool tls_flush(Conn* c) {          // memory BIO -> socket, one send for many records
  for (;;) {
    char* p; long n = BIO_get_mem_data(c->wb, &p);
    if (n <= 0) return true;
    ssize_t k = send(c->fd, p, n, MSG_NOSIGNAL); n_write++;
    if (k < 0) { if (errno == EAGAIN) { c->writable = false; return false; } die("send"); }
    if (k == n) { (void)BIO_reset(c->wb); return true; }
    static char tmp[65536]; size_t left = k;                 // consume k bytes
    while (left) { int r = BIO_read(c->wb, tmp, (int)std::min(left, sizeof tmp)); if (r <= 0) die("bio"); left -= r; }
  }
}
#endif
// >0 bytes, 0 = would block; dies on EOF
static ssize_t c_read(Conn* c, char* b, size_t n) {
#ifdef LG_TLS
  if (c->tls_now) {
    int r = SSL_read(c->ssl, b, (int)n);
    if (r > 0) return r;
    int e = SSL_get_error(c->ssl, r);
    if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE) return 0;
    die("tls read: connection lost");
  }
#endif
  n_read++;
  ssize_t r = recv(c->fd, b, n, 0);
  if (r > 0) return r;
  if (r < 0 && errno == EAGAIN) return 0;
  die("connection lost in read role %s", c->role == Role::Pub ? "pub" : c->role == Role::Sub ? "sub" : "idle");
}
static size_t c_write(Conn* c, const char* b, size_t n) {   // bytes taken
#ifdef LG_TLS
  if (c->tls_now) {
    if (!tls_flush(c)) return 0;
    size_t done = 0;
    n = std::min(n, (size_t)262144);
    if (n == 0) return 0;
    int r = SSL_write(c->ssl, b, (int)n);
    if (r > 0) done = r; else if (SSL_get_error(c->ssl, r) != SSL_ERROR_WANT_READ) die("tls write");
    tls_flush(c);
    return done;
  }
#endif
  n_write++;
  ssize_t r = send(c->fd, b, n, MSG_NOSIGNAL);
  if (r >= 0) return r;
  if (errno == EAGAIN) { c->writable = false; return 0; }
  die("send");
}

static int start_connect(Conn* c) {
  int port = c->role == Role::Pub && o.pub_port ? o.pub_port : o.port;
  c->fd = socket(o.uds.empty() ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) die("socket");
  int r, one = 1;
  if (o.uds.empty()) {
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    sockaddr_in a{}; a.sin_family = AF_INET; a.sin_port = htons(port); inet_pton(AF_INET, o.host.c_str(), &a.sin_addr);
    if ((ntohl(a.sin_addr.s_addr) >> 24) != 127) die("loopback only");
    r = connect(c->fd, (sockaddr*)&a, sizeof a);
  } else {
    sockaddr_un a{}; a.sun_family = AF_UNIX; strncpy(a.sun_path, o.uds.c_str(), sizeof a.sun_path - 1);
    r = connect(c->fd, (sockaddr*)&a, sizeof a);
  }
  if (r && errno != EINPROGRESS) die("connect");
  epoll_event e{}; e.events = EPOLLIN | EPOLLOUT; e.data.ptr = c;
  if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e)) die("epoll_ctl");
  return 0;
}
static void setup_out(Conn* c) {
  while (c->out.size()) {
    size_t n = c_write(c, c->out.data(), c->out.size());
    if (!n) { c->writable = true; usleep(100); continue; }
    c->out.erase(0, n);
  }
}
static void to_tls(Conn* c) {
#ifdef LG_TLS
  c->ssl = SSL_new(ctx);
  SSL_set_connect_state(c->ssl);
  BIO* rb = BIO_new_socket(c->fd, BIO_NOCLOSE);
  c->wb = BIO_new(BIO_s_mem());
  SSL_set_bio(c->ssl, rb, c->wb);
  if (const char* a = cd->alpn()) { std::string w = (char)strlen(a) + std::string(a); SSL_set_alpn_protos(c->ssl, (const unsigned char*)w.data(), w.size()); }
  if (c->role == Role::Sub) SSL_set_default_read_buffer_len(c->ssl, 262144);
  c->tls_now = true;
#else
  die("built without TLS");
#endif
}
// one step of session setup; true when ready
static bool setup_step(Conn* c, uint32_t ev) {
  if (c->connecting) {
    if (!(ev & (EPOLLOUT | EPOLLERR | EPOLLHUP))) return false;
    int err = 0; socklen_t l = sizeof err; getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &l);
    if (err) { errno = err; die("connect"); }
    c->connecting = false;
    epoll_event e{}; e.events = EPOLLIN; e.data.ptr = c; epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
    if (o.tls && cd->greeting_before_tls()) return false;   // wait for the clear-text greeting
    if (o.tls) to_tls(c);
    c->out = cd->hello(c->role, c->tname, c->id, o.tls);
    if (!o.tls) setup_out(c);
  }
  if (o.tls && !c->tls_now) {
    char b[4096]; ssize_t n = recv(c->fd, b, sizeof b, 0);
    if (n < 0 && errno == EAGAIN) return false;
    if (n <= 0) die("greeting");
    if (!memchr(b, '\n', n)) return false;
    to_tls(c);
    c->out = cd->hello(c->role, c->tname, c->id, true);
  }
#ifdef LG_TLS
  if (c->tls_now && !SSL_is_init_finished(c->ssl)) {
    int r = SSL_do_handshake(c->ssl);
    tls_flush(c);
    if (r != 1) {
      int e = SSL_get_error(c->ssl, r);
      if (e == SSL_ERROR_WANT_READ) return false;
      ERR_print_errors_fp(stderr); die("tls handshake");
    }
    setup_out(c); tls_flush(c);
  }
#endif
  char b[16384]; ssize_t n;
  while ((n = c_read(c, b, sizeof b)) > 0) { c->in.append(b, n); if (n < (ssize_t)sizeof b && !c->tls_now) break; }
  int r = cd->setup(c->role, c->in, c->out, c->tname, c->step);
  setup_out(c);
  if (r < 0) die("session refused");
  return r == 1;
}
static double connect_all(std::vector<Conn*>& v) {
  uint64_t t0 = now_ns(); size_t started = 0, ready = 0;
  epoll_event ev[512];
  while (ready < v.size()) {
    while (started < v.size() && started - ready < (size_t)o.connect_par) start_connect(v[started++]);
    int n = epoll_wait(ep, ev, 512, 5000);
    if (n <= 0) die("setup timed out");
    for (int i = 0; i < n; i++) {
      Conn* c = (Conn*)ev[i].data.ptr;
      if (c->ready) continue;
      if (setup_step(c, ev[i].events)) {
        c->ready = true; ready++;
        c->limited = cd->window > 0; c->credit = (int64_t)cd->window;
        if (c->in.size()) { memcpy(c->carry, c->in.data(), c->in.size()); c->ncarry = c->in.size(); }
        epoll_event e{}; e.data.ptr = c;
        e.events = c->role == Role::Pub ? EPOLLIN | EPOLLOUT | EPOLLET : EPOLLIN;
        epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
      }
    }
    if (now_ns() - t0 > 120ull * 1000000000) die("setup > 120 s");
  }
  return (now_ns() - t0) * 1e-9;
}

// parse n bytes that begin at a frame boundary or inside `skip`
static void sub_parse(Conn* c, char* p, size_t n) {
  const size_t pl = c->mp.size(), need = latency ? c->stamp_at + 8 : pl;
  const char* pre = c->mp.data();
  if (c->skip) { size_t k = std::min(c->skip, n); c->skip -= k; p += k; n -= k; if (!n) return; }
  if (c->ncarry) {                                  // glue a split header (rbuf has head room)
    p -= c->ncarry; n += c->ncarry; memcpy(p, c->carry, c->ncarry); c->ncarry = 0;
  }
  uint64_t got = 0;
  while (n) {
    if (n >= need && !memcmp(p, pre, pl)) {
      got++;
      if (latency && measuring) {
        uint64_t ts; memcpy(&ts, p + c->stamp_at, 8);
        if (ts) lat.push_back((uint32_t)std::min<uint64_t>(t_recv - ts, 0xffffffffu));
      }
      if (n < c->mlen) { c->skip = c->mlen - n; break; }
      p += c->mlen; n -= c->mlen;
      continue;
    }
    if (n < need && !memcmp(p, pre, std::min(n, pl))) { memcpy(c->carry, p, n); c->ncarry = n; break; }
    uint64_t told = cd->lagged;
    long k = cd->control(p, n, c->pend);
    c->lagged += cd->lagged - told; c->got += cd->lagged - told;
    if (k < 0) { fprintf(stderr, "lg: unexpected bytes: %.*s\n", (int)std::min<size_t>(n, 60), p); exit(3); }
    if (k == 0) { if (n > sizeof c->carry) die("carry"); memcpy(c->carry, p, n); c->ncarry = n; break; }
    p += k; n -= k;
  }
  c->got += got; delivered += got;
  if (uint64_t w = cd->recv_window()) {
    c->owed += got * c->mlen;
    if (c->owed >= w / 2) { c->pend += cd->credit(c->owed); c->owed = 0; }
  }
  if (c->pend.size()) { size_t k = c_write(c, c->pend.data(), c->pend.size()); c->pend.erase(0, k); }
}
static void sub_readable(Conn* c) {
  char* base = rbuf + 4096;
  int loops = c->tls_now ? 1 << 30 : 1;              // TLS: until dry (records may sit in the read-ahead buffer)
  while (loops--) {
    if (!c->tls_now && o.trunc && c->skip >= 16384) {
      n_read++;
      ssize_t r = recv(c->fd, nullptr, c->skip, MSG_TRUNC);
      if (r > 0) { c->skip -= r; continue; }
      if (r < 0 && errno == EAGAIN) return;
      die("connection lost");
    }
    ssize_t n = c_read(c, base, RB - 8192);
    if (n <= 0) return;
    t_recv = now_ns();
    sub_parse(c, base, n);
  }
}
static void pub_input(Conn* c) {
  for (int i = 0; i < 64; i++) {
    if (cd->discard_pub_input() && !c->tls_now) {
      ssize_t r = recv(c->fd, nullptr, 1 << 20, MSG_TRUNC);
      if (r > 0) continue;
      if (r < 0 && errno == EAGAIN) return;
      die("publisher connection lost");
    }
    char b[65536];
    ssize_t n = c_read(c, b, sizeof b);
    if (n <= 0) return;
    if (cd->discard_pub_input()) continue;
    c->in.append(b, n);
    while (c->in.size()) {
      uint64_t before = cd->credited;
      long k = cd->control(c->in.data(), c->in.size(), c->pend);
      c->credit += cd->credited - before;
      if (k < 0) { fprintf(stderr, "lg: publisher got: %.80s\n", c->in.c_str()); exit(3); }
      if (!k) break;
      c->in.erase(0, k);
    }
  }
}
static void pub_ctl(Conn* c) {                       // keep-alive answers only on a frame boundary
  if (c->pend.size() && c->sent_bytes % c->flen == 0) { size_t k = c_write(c, c->pend.data(), c->pend.size()); c->pend.erase(0, k); }
}

int main(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string k = argv[i], v = argv[i + 1];
    if (k == "--codec") o.codec = v; else if (k == "--port") o.port = stoi(v); else if (k == "--pub-port") o.pub_port = stoi(v);
    else if (k == "--pid") o.pid = stoi(v); else if (k == "--pubs") o.pubs = stoi(v); else if (k == "--subs") o.subs = stoi(v);
    else if (k == "--topics") o.topics = stoi(v); else if (k == "--idle") o.idle = stoi(v); else if (k == "--tls") o.tls = stoi(v);
    else if (k == "--size") o.size = stoul(v); else if (k == "--window") o.window = stoul(v); else if (k == "--max-msgs") o.max_msgs = stoull(v);
    else if (k == "--warm") o.warm = stod(v); else if (k == "--secs") o.secs = stod(v); else if (k == "--rate") o.rate = stod(v);
    else if (k == "--trunc") o.trunc = stoi(v); else if (k == "--coalesce-us") o.coalesce_us = stoi(v); else if (k == "--spin") o.spin = stoi(v);
    else if (k == "--uds") o.uds = v; else if (k == "--group") o.group = v; else if (k == "--connect-par") o.connect_par = stoi(v);
    else if (k == "--minwin") o.minwin = stoul(v);
    else die("unknown option %s", k.c_str());
  }
  if (o.secs > 60 || o.warm > 30) die("time bound: secs<=60");
  cd = make_codec(o.codec);
  if (!cd) die("codec");
  if (o.size < 8) die("size>=8");
  latency = o.rate > 0;
  if (o.uds.size()) o.trunc = 0;                      // unix sockets do not discard into a null pointer
  rbuf = (char*)malloc(RB);
  memset(rbuf, 0, RB);
  ep = epoll_create1(0);
  clockid_t sc = 0;
  if (o.pid && clock_getcpuclockid(o.pid, &sc)) die("pid");
#ifdef LG_TLS
  ctx = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
  SSL_CTX_set_read_ahead(ctx, 1);
  SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_ciphersuites(ctx, "TLS_AES_256_GCM_SHA384");    // the same for all
  if (o.group.empty()) o.group = "X25519MLKEM768:X25519";
  if (!SSL_CTX_set1_groups_list(ctx, o.group.c_str())) die("group");
#endif
  auto mk = [&](Role r, int t, int id) {
    Conn* c = new Conn; c->role = r; c->topic = t; c->id = id;
    c->tname = r == Role::Idle ? "idle." + std::to_string(id) : "topic." + std::to_string(t);
    if (r == Role::Idle) return c;
    c->mp = cd->msg_prefix(c->tname, o.size); c->mlen = cd->msg_size(c->tname, o.size); c->stamp_at = cd->stamp_at(c->tname, o.size);
    if (r == Role::Pub) {
      std::string f = cd->pub_prefix(c->tname, o.size); c->plen = f.size();
      f += std::string(o.size, 'x') + cd->pub_suffix(c->tname); c->flen = f.size();
      memset(&f[c->plen], 0, 8);
      size_t reps = latency ? 1 : std::max<size_t>(1, 262144 / f.size());
      for (size_t i = 0; i < reps; i++) {           // payloads differ: nobody may gain from equal ones
        for (size_t b = 8; b < o.size; b++) f[c->plen + b] = (char)('a' + (i * 31 + b * 7 + b / 8 * i) % 26);
        cd->vary(&f[0], i); c->enc += f;
      }
    }
    return c;
  };
  int id = 0;
  by_topic.resize(o.topics);
  for (int t = 0; t < o.topics; t++) for (int i = 0; i < o.subs; i++) { Conn* c = mk(Role::Sub, t, id++); subs.push_back(c); by_topic[t].push_back(c); }
  for (int i = 0; i < o.pubs; i++) pubs.push_back(mk(Role::Pub, i % o.topics, id++));
  for (int i = 0; i < o.idle; i++) idles.push_back(mk(Role::Idle, 0, id++));

  double cpu0 = o.pid ? proc_cpu(sc) : 0;
  double idle_s = idles.empty() ? 0 : connect_all(idles);
  double idle_cpu = o.pid ? proc_cpu(sc) - cpu0 : 0;
  if (!subs.empty()) connect_all(subs);
  if (!pubs.empty()) connect_all(pubs);
  usleep(1000 * cd->settle_ms());
  if (o.idle && subs.empty()) {                       // idle only: report, hold until stdin closes
    printf("{\"idle\":%d,\"idle_s\":%.4f,\"conn_per_s\":%.0f,\"srv_cpu_us_per_conn\":%.2f}\n", o.idle, idle_s, o.idle / idle_s, idle_cpu * 1e6 / o.idle);
    fflush(stdout); char b; (void)!read(0, &b, 1); return 0;
  }
  if (o.idle) {   // let the caller look at the server's memory before the load starts
    fprintf(stderr, "IDLE %.4f %.2f\n", idle_s, idle_cpu * 1e6 / o.idle); fflush(stderr);
    char b; (void)!read(0, &b, 1);
  }

  std::vector<uint64_t> mind(o.topics, 0);
  uint64_t t0 = now_ns(), tm0 = t0 + (uint64_t)(o.warm * 1e9), tm1 = tm0 + (uint64_t)(o.secs * 1e9);
  uint64_t m_deliv0 = 0, m_deliv1 = 0, tA = 0, tB = 0; double cA = 0, cB = 0, gA = 0, gB = 0; uint64_t r0 = 0, r1 = 0, w0 = 0, w1 = 0;
  bool stop = false, capped = false; uint64_t next = t0; double gap = latency ? 1e9 / o.rate : 0; uint64_t seq = 0; size_t rr = 0;
  uint64_t late_max = 0, drain_dl = 0;
  if (latency) lat.reserve((size_t)(o.rate * o.secs * o.subs * 1.1) + 1000);
  epoll_event ev[1024];
  auto mark = [&](bool b) {
    uint64_t t = now_ns(); double c = o.pid ? proc_cpu(sc) : 0, g = proc_cpu(CLOCK_PROCESS_CPUTIME_ID);
    if (b) { tA = t; cA = c; gA = g; m_deliv0 = delivered; measuring = true; r0 = n_read; w0 = n_write; }
    else { tB = t; cB = c; gB = g; m_deliv1 = delivered; measuring = false; r1 = n_read; w1 = n_write; }
  };
  uint64_t tot_sent = 0;
  for (;;) {
    uint64_t t = now_ns();
    if (!tA && t >= tm0) mark(true);
    if (tA && !tB && (t >= tm1 || capped)) { mark(false); stop = true; drain_dl = t + 15000000000ull; }
    if (stop) {
      uint64_t want = 0; for (auto* p : pubs) want += p->sent_msgs * by_topic[p->topic].size();
      bool part = false; for (auto* p : pubs) if (!latency && p->sent_bytes % p->flen) part = true;
      if ((delivered + cd->lagged >= want && !part) || t > drain_dl) break;
    }
    // --- publish
    if (latency) {
      if (!stop) while (t >= next) {
        Conn* c = pubs[rr++ % pubs.size()];
        if (next + 1000000000ull < t) die("open loop fell 1 s behind");
        late_max = std::max(late_max, t - next);
        memcpy(&c->enc[c->plen], &next, 8); cd->vary(&c->enc[0], seq);
        size_t off = 0;
        while (off < c->flen) { size_t k = c_write(c, c->enc.data() + off, c->flen - off); off += k; if (!k) { c->writable = true; usleep(50); } }
        c->credit -= c->flen; if (c->limited && c->credit <= 0) die("open loop ran out of credit");
        c->sent_msgs++; seq++; next = t0 + (uint64_t)(seq * gap);
        t = now_ns();
      }
    } else {
      for (int tp = 0; tp < o.topics; tp++) {
        uint64_t m = UINT64_MAX; for (auto* s : by_topic[tp]) m = std::min(m, s->got);
        mind[tp] = m == UINT64_MAX ? UINT64_MAX / 4 : m;
      }
      for (auto* c : pubs) {
        if (!c->writable) continue;
        if (c->pend.size()) pub_ctl(c);
        uint64_t np = o.pubs / o.topics; if (!np) np = 1;
        uint64_t win = std::max<uint64_t>(o.minwin, o.window / c->flen);
        uint64_t lim = mind[c->topic] / np + win;                       // in messages
        if (stop) lim = (c->sent_bytes + c->flen - 1) / c->flen;        // only finish the open frame
        uint64_t lim_b = lim * c->flen;
        if (lim_b <= c->sent_bytes) continue;
        uint64_t room = lim_b - c->sent_bytes;
        if (c->limited && !stop && (int64_t)room > c->credit) { if (c->credit <= 0) continue; room = c->credit; }
        if (!stop && room < std::min<uint64_t>(win * c->flen / 8, 65536)) continue;   // write in batches
        while (room) {
          size_t k = std::min<uint64_t>(room, c->enc.size() - c->off);
          size_t n = c_write(c, c->enc.data() + c->off, k);
          if (!n) break;
          c->off += n; if (c->off == c->enc.size()) c->off = 0;
          c->sent_bytes += n; room -= n; c->credit -= n;
          if (n < k) { c->writable = c->tls_now ? c->writable : false; break; }
        }
        c->sent_msgs = (c->sent_bytes + c->flen - 1) / c->flen;
      }
      tot_sent = 0; for (auto* c : pubs) tot_sent += c->sent_msgs;
      if (tot_sent >= o.max_msgs) capped = true;
    }
    // --- receive
    int n = epoll_wait(ep, ev, 1024, o.spin ? 0 : latency ? 0 : 1);
    if (n < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < n; i++) {
      Conn* c = (Conn*)ev[i].data.ptr;
      if (c->role == Role::Pub) {
        if (ev[i].events & EPOLLOUT) {
          c->writable = true;
#ifdef LG_TLS
          if (c->tls_now) tls_flush(c);
#endif
        }
        if (ev[i].events & (EPOLLIN | EPOLLHUP)) pub_input(c);
      } else if (c->role == Role::Sub) sub_readable(c);
      else { t_recv = now_ns(); char b[8192]; ssize_t k = c_read(c, b, sizeof b); if (k > 0) { c->in.append(b, k); while (c->in.size()) { long q = cd->control(c->in.data(), c->in.size(), c->pend); if (q < 0) die("idle got data"); if (!q) break; c->in.erase(0, q); } if (c->pend.size()) { c_write(c, c->pend.data(), c->pend.size()); c->pend.clear(); } } }
    }
    if (o.coalesce_us && !latency) { uint64_t e = now_ns() + o.coalesce_us * 1000ull; while (now_ns() < e) __builtin_ia32_pause(); }
  }
  uint64_t want = 0; for (auto* p : pubs) want += p->sent_msgs * by_topic[p->topic].size();
  double el = (tB - tA) * 1e-9, d = m_deliv1 - m_deliv0;
  printf("{\"codec\":\"%s\",\"size\":%zu,\"pubs\":%d,\"topics\":%d,\"subs\":%d,\"tls\":%d,\"idle\":%d,\"el\":%.3f,\"deliv\":%.0f,\"msgs_s\":%.0f,\"MB_s\":%.1f,"
         "\"srv_cpu\":%.4f,\"srv_cpu_per_M\":%.4f,\"srv_util\":%.3f,\"gen_util\":%.3f,\"lost\":%lld,\"reads\":%llu,\"writes\":%llu",
         o.codec.c_str(), o.size, o.pubs, o.topics, o.subs, o.tls, o.idle, el, d, d / el, d / el * o.size / 1e6, cB - cA, d ? (cB - cA) * 1e6 / d : 0, (cB - cA) / el, (gB - gA) / el,
         (long long)(want - delivered - cd->lagged), (unsigned long long)(r1 - r0), (unsigned long long)(w1 - w0));
  if (cd->lagged) printf(",\"lagged\":%llu", (unsigned long long)cd->lagged);
  if (o.idle) printf(",\"conn_per_s\":%.0f,\"srv_cpu_us_per_conn\":%.2f", o.idle / idle_s, idle_cpu * 1e6 / o.idle);
  if (latency && lat.size()) {
    std::sort(lat.begin(), lat.end());
    auto q = [&](double p) { return lat[std::min(lat.size() - 1, (size_t)(p * lat.size()))] / 1000.0; };
    printf(",\"n\":%zu,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f,\"late_max\":%.1f", lat.size(), q(.5), q(.9), q(.99), q(.999), lat.back() / 1000.0, late_max / 1000.0);
  }
  printf("}\n");
  return 0;
}
