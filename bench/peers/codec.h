// Wire codecs for the common load generator (lg.cc).
// A codec describes ONE protocol as a handful of byte strings plus two small
// parsers.  The generator never builds frames on the hot path: a publisher
// sends from a pre-encoded buffer and a subscriber counts frames by comparing
// a constant prefix and skipping a constant frame length.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

enum class Role { Pub, Sub, Idle };

struct Codec {
  virtual ~Codec() = default;
  virtual const char* name() const = 0;
  // Server speaks first in clear text and TLS starts after it (NATS INFO)?
  virtual bool greeting_before_tls() const { return false; }
  // Everything the client may send right after connect (after TLS), without
  // waiting for the server: hello + (for subscribers) the subscription + a
  // barrier whose answer setup() recognises.
  virtual std::string hello(Role r, const std::string& topic, int id, bool tls) = 0;
  // Setup phase.  `in` holds unparsed bytes (consume them), append replies to
  // `out`; return 1 when the session is ready, 0 for more, -1 on refusal.
  virtual int setup(Role r, std::string& in, std::string& out, const std::string& topic, int& step) = 0;
  // One publish = pub_prefix + payload(size) + pub_suffix
  virtual std::string pub_prefix(const std::string& topic, size_t size) = 0;
  virtual std::string pub_suffix(const std::string&) { return ""; }
  // One delivery = msg_prefix + payload(size) + msg_suffix, constant per topic
  virtual std::string msg_prefix(const std::string& topic, size_t size) = 0;
  virtual std::string msg_suffix() { return ""; }
  // Size of a delivery, and where the time stamp stands in it (the payload's first 8 bytes).
  virtual size_t msg_size(const std::string& topic, size_t size) { return msg_prefix(topic, size).size() + size + msg_suffix().size(); }
  virtual size_t stamp_at(const std::string& topic, size_t size) { return msg_prefix(topic, size).size(); }
  // Makes an encoded publish differ from its neighbours in the fields a protocol has for that.
  virtual void vary(char*, uint64_t) {}
  virtual const char* alpn() const { return nullptr; }
  // Bytes in the data phase that do not start with msg_prefix (keep-alives,
  // acks).  Return bytes consumed, 0 = need more bytes, -1 = unexpected.
  virtual long control(const char* p, size_t n, std::string& out) = 0;
  // true: whatever the server sends to a publisher may be thrown away unread.
  virtual bool discard_pub_input() const { return false; }
  // time to let subscriptions settle when the protocol has no barrier
  virtual int settle_ms() const { return 30; }
  // Flow control by byte credits.  setup() leaves the publisher's window here (0: none), control()
  // what came back, and what the server says it dropped.
  uint64_t window = 0, credited = 0, lagged = 0;
  virtual uint64_t recv_window() const { return 0; }          // what this side grants
  virtual std::string credit(uint64_t) { return ""; }
};

// ---------------------------------------------------------------- NATS 
struct NatsCodec : Codec {
  const char* name() const override { return "nats"; }
  bool greeting_before_tls() const override { return true; }
  std::string hello(Role r, const std::string& t, int, bool tls) override {
    std::string s = std::string("CONNECT {\"verbose\":false,\"pedantic\":false,\"tls_required\":") +
                    (tls ? "true" : "false") + ",\"lang\":\"c\",\"version\":\"1\",\"protocol\":1}\r\n";
    if (r != Role::Pub) s += "SUB " + t + " 1\r\n";
    return s + "PING\r\n";
  }
  int setup(Role, std::string& in, std::string& out, const std::string&, int&) override {
    for (;;) {
      size_t e = in.find("\r\n");
      if (e == std::string::npos) return 0;
      std::string l = in.substr(0, e);
      in.erase(0, e + 2);
      if (l.rfind("PONG", 0) == 0) return 1;
      if (l.rfind("PING", 0) == 0) out += "PONG\r\n";
      if (l.rfind("-ERR", 0) == 0) { fprintf(stderr, "nats: %s\n", l.c_str()); return -1; }
    }
  }
  std::string pub_prefix(const std::string& t, size_t n) override { return "PUB " + t + " " + std::to_string(n) + "\r\n"; }
  std::string pub_suffix(const std::string&) override { return "\r\n"; }
  std::string msg_prefix(const std::string& t, size_t n) override { return "MSG " + t + " 1 " + std::to_string(n) + "\r\n"; }
  std::string msg_suffix() override { return "\r\n"; }
  long control(const char* p, size_t n, std::string& out) override {
    const char* e = (const char*)memchr(p, '\n', n);
    if (!e) return n > 8192 ? -1 : 0;
    size_t len = e - p + 1;
    if (!memcmp(p, "PING", len < 4 ? len : 4)) { out += "PONG\r\n"; return len; }
    if (!memcmp(p, "PONG", 4) || !memcmp(p, "INFO", 4) || !memcmp(p, "+OK", 3)) return len;
    fprintf(stderr, "nats: %.*s", (int)(len < 200 ? len : 200), p);
    return -1;
  }
};

// ---------------------------------------------------------------- Redis pub/sub (RESP2)
struct RespCodec : Codec {
  bool reply_off;
  explicit RespCodec(bool off) : reply_off(off) {}
  const char* name() const override { return reply_off ? "redis-noreply" : "redis"; }
  static std::string bulk(const std::string& s) { return "$" + std::to_string(s.size()) + "\r\n" + s + "\r\n"; }
  std::string hello(Role r, const std::string& t, int, bool) override {
    if (r == Role::Pub) return reply_off ? "PING\r\nCLIENT REPLY OFF\r\n" : "PING\r\n";
    return "*2\r\n" + bulk("SUBSCRIBE") + bulk(t);
  }
  int setup(Role r, std::string& in, std::string&, const std::string& t, int&) override {
    std::string want = r == Role::Pub ? "+PONG\r\n" : "*3\r\n" + bulk("subscribe") + bulk(t) + ":1\r\n";
    if (in.size() < want.size()) return in.size() && in[0] == '-' ? -1 : 0;
    if (in.compare(0, want.size(), want)) { fprintf(stderr, "redis: %s\n", in.c_str()); return -1; }
    in.erase(0, want.size());
    return 1;
  }
  std::string pub_prefix(const std::string& t, size_t n) override {
    return "*3\r\n" + bulk("PUBLISH") + bulk(t) + "$" + std::to_string(n) + "\r\n";
  }
  std::string pub_suffix(const std::string&) override { return "\r\n"; }
  std::string msg_prefix(const std::string& t, size_t n) override {
    return "*3\r\n" + bulk("message") + bulk(t) + "$" + std::to_string(n) + "\r\n";
  }
  std::string msg_suffix() override { return "\r\n"; }
  bool discard_pub_input() const override { return true; }
  long control(const char*, size_t n, std::string&) override { return n > 64 ? -1 : 0; }
};

// ---------------------------------------------------------------- MQTT 3.1.1 QoS 0
struct MqttCodec : Codec {
  const char* name() const override { return "mqtt"; }
  static std::string rl(size_t n) {
    std::string s;
    do { uint8_t b = n & 127; n >>= 7; if (n) b |= 128; s += (char)b; } while (n);
    return s;
  }
  static std::string str(const std::string& s) { return std::string(1, (char)(s.size() >> 8)) + (char)(s.size() & 255) + s; }
  std::string hello(Role r, const std::string& t, int id, bool) override {
    std::string v = str("MQTT") + std::string("\x04\x02\x00\x00", 4) + str("lg" + std::to_string(id));
    std::string s = std::string(1, 0x10) + rl(v.size()) + v;
    if (r != Role::Pub) {
      std::string b = std::string("\x00\x01", 2) + str(t) + std::string(1, 0);
      s += std::string(1, (char)0x82) + rl(b.size()) + b;
    }
    return s;
  }
  int setup(Role r, std::string& in, std::string&, const std::string&, int& step) override {
    for (;;) {
      if (in.size() < 2 || in.size() < 2u + (uint8_t)in[1]) return 0;
      uint8_t ty = (uint8_t)in[0] >> 4;
      if (ty == 2 && in[3] != 0) { fprintf(stderr, "mqtt: connack %d\n", in[3]); return -1; }
      in.erase(0, 2 + (uint8_t)in[1]);
      if (ty == 2) { step = 1; if (r == Role::Pub) return 1; }
      else if (ty == 9) return 1;
      else return -1;
    }
  }
  std::string pub_prefix(const std::string& t, size_t n) override {
    return std::string(1, 0x30) + rl(2 + t.size() + n) + str(t);
  }
  std::string msg_prefix(const std::string& t, size_t n) override { return pub_prefix(t, n); }
  long control(const char* p, size_t n, std::string&) override {
    if (n < 2) return 0;
    if ((uint8_t)p[0] == 0xd0) return 2;
    return n > 64 ? -1 : 0;
  }
};

// ---------------------------------------------------------------- ZMTP 3.0, PUB -> [XSUB|XPUB proxy] -> SUB
struct ZmtpCodec : Codec {
  const char* name() const override { return "zmq"; }
  int settle_ms() const override { return 400; }
  std::string hello(Role r, const std::string& t, int, bool) override {
    std::string g(64, 0);
    g[0] = (char)0xff; g[9] = 0x7f; g[10] = 3;
    memcpy(&g[12], "NULL", 4);
    std::string ty = r == Role::Pub ? "PUB" : "SUB";
    std::string b = std::string("\x05READY\x0bSocket-Type", 18) + std::string("\0\0\0\3", 4) + ty;
    return g + std::string("\x04", 1) + (char)b.size() + b;
  }
  int setup(Role r, std::string& in, std::string& out, const std::string& t, int& step) override {
    if (step == 0) { if (in.size() < 64) return 0; in.erase(0, 64); step = 1; }
    if (in.size() < 2 || in.size() < 2u + (uint8_t)in[1]) return 0;
    if (in[0] != 4) return -1;
    in.erase(0, 2 + (uint8_t)in[1]);
    // libzmq refuses a subscription that arrives before it has sent its own READY
    if (r != Role::Pub) out += std::string(1, 0) + (char)(1 + t.size()) + std::string(1, 1) + t;
    return 1;
  }
  std::string pub_prefix(const std::string& t, size_t n) override {
    size_t l = t.size() + n;
    if (l < 256) return std::string(1, 0) + (char)l + t;
    std::string s(1, 2);
    for (int i = 7; i >= 0; i--) s += (char)((uint64_t)l >> (8 * i));
    return s + t;
  }
  std::string msg_prefix(const std::string& t, size_t n) override { return pub_prefix(t, n); }
  bool discard_pub_input() const override { return true; }   // subscription traffic
  long control(const char*, size_t n, std::string&) override { return n > 64 ? -1 : 0; }
};

// ---------------------------------------------------------------- the ideal relay's own frame (relay.cc)
// u32 payload_len | u8 type (1 SUB, 2 DATA, 3 ACK) | u8 0 | u16 topic   (little endian)
struct FrameCodec : Codec {
  const char* name() const override { return "frame"; }
  static std::string hdr(uint32_t len, uint8_t ty, uint16_t topic) {
    std::string s(8, 0);
    memcpy(&s[0], &len, 4); s[4] = (char)ty; memcpy(&s[6], &topic, 2);
    return s;
  }
  static uint16_t tno(const std::string& t) {       // "topic.7" -> 7, "idle.123" -> 256+123
    size_t d = t.rfind('.');
    int n = atoi(t.c_str() + d + 1);
    return (uint16_t)(t[0] == 'i' ? 256 + n : n);
  }
  std::string hello(Role r, const std::string& t, int, bool) override { return hdr(0, r == Role::Pub ? 3 : 1, tno(t)); }
  int setup(Role, std::string& in, std::string&, const std::string&, int&) override {
    if (in.size() < 8) return 0;
    if (in[4] != 3) return -1;
    in.erase(0, 8);
    return 1;
  }
  std::string pub_prefix(const std::string& t, size_t n) override { return hdr(n, 2, tno(t)); }
  std::string msg_prefix(const std::string& t, size_t n) override { return hdr(n, 2, tno(t)); }
  long control(const char* p, size_t n, std::string&) override { return n < 8 ? 0 : p[4] == 3 ? 8 : -1; }
};

#include "codec_ours.h"   // <- our own protocol goes there

inline std::unique_ptr<Codec> make_codec(const std::string& n) {
  if (n == "nats") return std::make_unique<NatsCodec>();
  if (n == "redis") return std::make_unique<RespCodec>(false);
  if (n == "redis-noreply") return std::make_unique<RespCodec>(true);
  if (n == "mqtt") return std::make_unique<MqttCodec>();
  if (n == "zmq") return std::make_unique<ZmtpCodec>();
  if (n == "frame") return std::make_unique<FrameCodec>();
  if (n == "ours") return std::make_unique<OursCodec>();
  return nullptr;
}
