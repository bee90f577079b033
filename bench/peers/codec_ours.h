// OAP/1, written from docs/OAP-1.md alone: nothing here comes from the node's own code.
// A delivery repeats the publication byte for byte, so that its first 23 bytes (length, version,
// flags, tenant) and its size are constant; corr_id, ts and data vary from frame to frame.
#pragma once
#include <algorithm>

struct OursCodec : Codec {
  static constexpr uint64_t kWindow = 16u << 20;  // bytes the server may have in flight to a subscriber
  static constexpr size_t kHeader = 31, kConstant = 23;
  const char* name() const override { return "ours"; }
  const char* alpn() const override { return "ron/oap1"; }
  template <class N> static std::string be(N v) { std::string s; for (int i = sizeof v; i--;) s += (char)((uint64_t)v >> (8 * i)); return s; }
  static std::string head(int major, uint64_t n) {
    std::string m(1, (char)(major << 5));
    if (n < 24) { m[0] |= (char)n; return m; }
    if (n < 256) { m[0] |= 24; return m + be((uint8_t)n); }
    if (n < 65536) { m[0] |= 25; return m + be((uint16_t)n); }
    if (n >> 32 == 0) { m[0] |= 26; return m + be((uint32_t)n); }
    m[0] |= 27;
    return m + be(n);
  }
  static std::string text(const std::string& t) { return head(3, t.size()) + t; }
  static std::string envelope(int flags, uint64_t corr, size_t payload) {
    return be((uint32_t)(27 + payload)) + '\1' + be((uint16_t)flags) + std::string(16, 0) + be(corr);
  }
  static std::string frame(int flags, uint64_t corr, const std::string& payload) { return envelope(flags, corr, payload.size()) + payload; }
  std::string hello(Role r, const std::string& t, int, bool) override {
    std::string m = head(5, 5) + text("kind") + text("hello") + text("window") + head(0, kWindow) + text("features") + head(5, 2) + text("pq") + text("hybrid") + text("comp") +
                    head(4, 0) + text("versions") + head(4, 1) + head(0, 1) + text("max_frame") + head(0, 1u << 20);
    std::string s = frame(1, 1, m);
    if (r != Role::Pub) s += frame(1, 2, head(5, 2) + text("kind") + text("sub") + text("topics") + head(4, 1) + text(t));
    return s;
  }
  // One number after a text key; 0 when the key is absent.
  static uint64_t number(const char* p, size_t n, const std::string& key) {
    std::string k = text(key);
    const char* e = p + n;
    const char* f = std::search(p, e, k.begin(), k.end());
    if (f == e || (f += k.size()) == e) return 0;
    uint8_t b = (uint8_t)*f++ & 31;
    if (b < 24) return b;
    uint64_t v = 0;
    for (int i = 1 << (b - 24); i-- && f < e;) v = v << 8 | (uint8_t)*f++;
    return v;
  }
  static bool has_kind(const char* p, size_t n, const std::string& kind) {
    std::string k = text("kind") + text(kind);
    return std::search(p, p + n, k.begin(), k.end()) != p + n;
  }
  static size_t whole(const char* p, size_t n) {     // size of the frame at p, 0 = not all there
    if (n < 4) return 0;
    size_t len = 4;
    for (int i = 0; i < 4; i++) len += (size_t)(uint8_t)p[i] << (24 - 8 * i);
    return n < len ? 0 : len;
  }
  int setup(Role r, std::string& in, std::string&, const std::string&, int&) override {
    while (size_t k = whole(in.data(), in.size())) {
      bool ack = has_kind(in.data(), k, "ack"), hello = has_kind(in.data(), k, "hello_ack"), error = has_kind(in.data(), k, "error");
      if (error) fprintf(stderr, "ours: %.*s\n", (int)k - 31, in.data() + 31);
      if (hello) window = number(in.data(), k, "window");
      in.erase(0, k);
      if (error) return -1;
      if (r == Role::Pub ? hello : ack) return 1;
    }
    return 0;
  }
  std::string pub_prefix(const std::string& t, size_t n) override {
    std::string m = head(5, 5) + text("ts") + head(0, 1800000000) + text("data") + head(2, n);
    return envelope(4, 1, m.size() + n + pub_suffix(t).size()) + m;
  }
  std::string pub_suffix(const std::string& t) override { return text("kind") + text("gossip") + text("topic") + text(t) + text("fanout") + head(0, 0); }
  std::string msg_prefix(const std::string& t, size_t n) override { return pub_prefix(t, n).substr(0, kConstant); }
  size_t msg_size(const std::string& t, size_t n) override { return pub_prefix(t, n).size() + n + pub_suffix(t).size(); }
  size_t stamp_at(const std::string& t, size_t n) override { return pub_prefix(t, n).size(); }
  void vary(char* f, uint64_t seq) override {
    std::string c = be(seq + 1), ts = be((uint32_t)(1800000000 + seq % 1000000));
    memcpy(f + kConstant, c.data(), 8);
    memcpy(f + kHeader + 5, ts.data(), 4);           // map head, text(ts), head of a u32
  }
  long control(const char* p, size_t n, std::string&) override {
    size_t k = whole(p, n);
    if (!k) return n > 255 ? -1 : 0;
    if (has_kind(p, k, "keep")) return (long)k;
    if (has_kind(p, k, "credit")) { credited += number(p, k, "bytes"); return (long)k; }
    if (has_kind(p, k, "lagged")) { lagged += number(p, k, "dropped"); return (long)k; }
    fprintf(stderr, "ours: %.*s\n", (int)k - 31, p + 31);
    return -1;                                       // refused, error, bye: the run is void
  }
  uint64_t recv_window() const override { return kWindow; }
  std::string credit(uint64_t bytes) override { return frame(4, 0, head(5, 2) + text("kind") + text("credit") + text("bytes") + head(0, bytes)); }
};
