// The peers' protocols. Each is the least a client of it needs to publish and to count.
#include <charconv>
#include <cstdio>
#include <cstring>

#include "codec.hpp"

namespace ron::peers {
namespace {

using namespace std::string_literals;

void complain(const std::string& who, std::string_view what) {
  const std::string line = who + ": " + std::string(what.substr(0, 200)) + "\n";
  std::fputs(line.c_str(), stderr);
}

// ------------------------------------------------------------------------------------------ NATS
class Nats final : public Codec {
 public:
  bool greets_before_tls() const override { return true; }

  std::string hello(Role role, const std::vector<std::string>& patterns, int /*id*/,
                    bool tls) override {
    std::string out = R"(CONNECT {"verbose":false,"pedantic":false,"tls_required":)";
    out += tls ? "true" : "false";
    out += R"(,"lang":"c","version":"1","protocol":1})"
           "\r\n";
    if (role != Role::kPublisher) out += "SUB " + patterns.front() + " 1\r\n";
    return out + "PING\r\n";
  }

  Setup setup(Role /*role*/, std::string& in, std::string& out, const std::string& /*topic*/,
              int& /*step*/) override {
    for (;;) {
      const std::size_t end = in.find("\r\n");
      if (end == std::string::npos) return Setup::kMore;
      const std::string line = in.substr(0, end);
      in.erase(0, end + 2);
      if (line.starts_with("PONG")) return Setup::kReady;
      if (line.starts_with("PING")) out += "PONG\r\n";
      if (line.starts_with("-ERR")) {
        complain("nats", line);
        return Setup::kRefused;
      }
    }
  }

  Publication publication(const std::string& topic, std::size_t payload) override {
    return {"PUB " + topic + " " + std::to_string(payload) + "\r\n", "\r\n"};
  }

  Delivery delivery(const std::string& topic, std::size_t payload) override {
    return framed("MSG " + topic + " 1 " + std::to_string(payload) + "\r\n", payload, 2);
  }

  long control(std::string_view in, std::string& out) override {
    const std::size_t end = in.find('\n');
    if (end == std::string_view::npos) return in.size() > 8192 ? -1 : 0;
    const std::string_view line = in.substr(0, end + 1);
    if (line.starts_with("PING")) {
      out += "PONG\r\n";
    } else if (!line.starts_with("PONG") && !line.starts_with("INFO") && !line.starts_with("+OK")) {
      complain("nats", line);
      return -1;
    }
    return static_cast<long>(line.size());
  }
};

// ---------------------------------------------------------------------------------- Redis (RESP2)
class Redis final : public Codec {
 public:
  explicit Redis(bool replies) : replies_(replies) {}

  std::string hello(Role role, const std::vector<std::string>& patterns, int /*id*/,
                    bool /*tls*/) override {
    if (role == Role::kPublisher) return replies_ ? "PING\r\n" : "PING\r\nCLIENT REPLY OFF\r\n";
    return "*2\r\n" + bulk("SUBSCRIBE") + bulk(patterns.front());
  }

  Setup setup(Role role, std::string& in, std::string& /*out*/, const std::string& topic,
              int& /*step*/) override {
    const std::string want = role == Role::kPublisher
                                 ? "+PONG\r\n"
                                 : "*3\r\n" + bulk("subscribe") + bulk(topic) + ":1\r\n";
    if (in.size() < want.size() && !in.starts_with('-')) return Setup::kMore;
    if (!in.starts_with(want)) {
      complain("redis", in);
      return Setup::kRefused;
    }
    in.erase(0, want.size());
    return Setup::kReady;
  }

  Publication publication(const std::string& topic, std::size_t payload) override {
    return {"*3\r\n" + bulk("PUBLISH") + bulk(topic) + "$" + std::to_string(payload) + "\r\n",
            "\r\n"};
  }

  Delivery delivery(const std::string& topic, std::size_t payload) override {
    return framed("*3\r\n" + bulk("message") + bulk(topic) + "$" + std::to_string(payload) + "\r\n",
                  payload, 2);
  }

  bool ignores_answers() const override { return true; }
  long control(std::string_view in, std::string& /*out*/) override {
    return in.size() > 64 ? -1 : 0;
  }

 private:
  static std::string bulk(const std::string& text) {
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
  }

  bool replies_;
};

// ------------------------------------------------------------------------------ MQTT 3.1.1, QoS 0
class Mqtt final : public Codec {
 public:
  std::string hello(Role role, const std::vector<std::string>& patterns, int id,
                    bool /*tls*/) override {
    std::string out =
        packet(0x10, text("MQTT") + "\x04\x02\x00\x00"s + text("lg" + std::to_string(id)));
    if (role != Role::kPublisher) {
      out += packet(0x82, "\x00\x01"s + text(patterns.front()) + "\x00"s);
    }
    return out;
  }

  Setup setup(Role role, std::string& in, std::string& /*out*/, const std::string& /*topic*/,
              int& /*step*/) override {
    while (in.size() >= 2 && in.size() >= 2U + byte_at(in, 1)) {
      const unsigned type = byte_at(in, 0) >> 4U;
      const bool good = type == 9 || (type == 2 && in[3] == 0);
      in.erase(0, 2U + byte_at(in, 1));
      if (!good) return Setup::kRefused;
      if (type == 9 || role == Role::kPublisher) return Setup::kReady;
    }
    return Setup::kMore;
  }

  Publication publication(const std::string& topic, std::size_t payload) override {
    return {head(0x30, 2 + topic.size() + payload) + text(topic), {}};
  }

  Delivery delivery(const std::string& topic, std::size_t payload) override {
    return framed(publication(topic, payload).head, payload);
  }

  long control(std::string_view in, std::string& /*out*/) override {
    if (in.size() < 2) return 0;
    if (byte_at(in, 0) == 0xd0) return 2;
    return in.size() > 64 ? -1 : 0;
  }

 private:
  static std::string head(unsigned type, std::size_t length) {
    std::string out(1, static_cast<char>(type));
    do {
      const std::size_t low = length & 127U;
      length >>= 7U;
      out += static_cast<char>(length > 0 ? low | 128U : low);
    } while (length > 0);
    return out;
  }

  static std::string packet(unsigned type, const std::string& body) {
    return head(type, body.size()) + body;
  }

  static std::string text(const std::string& value) { return big_endian(value.size(), 2) + value; }
};

// ------------------------------------------- ZMTP 3.0: PUB -> a proxy's XSUB, its XPUB -> SUB
class Zmtp final : public Codec {
 public:
  unsigned settle_ms() const override { return 400; }

  std::string hello(Role role, const std::vector<std::string>& /*patterns*/, int /*id*/,
                    bool /*tls*/) override {
    std::string greeting(64, '\0');
    greeting[0] = '\xff';
    greeting[9] = '\x7f';
    greeting[10] = 3;
    greeting.replace(12, 4, "NULL");
    const std::string ready =
        "\x05READY\x0bSocket-Type\0\0\0\3"s + (role == Role::kPublisher ? "PUB" : "SUB");
    return greeting + '\x04' + static_cast<char>(ready.size()) + ready;
  }

  Setup setup(Role role, std::string& in, std::string& out, const std::string& topic,
              int& step) override {
    if (step == 0) {
      if (in.size() < 64) return Setup::kMore;
      in.erase(0, 64);
      step = 1;
    }
    if (in.size() < 2 || in.size() < 2U + byte_at(in, 1)) return Setup::kMore;
    if (in[0] != 4) return Setup::kRefused;
    in.erase(0, 2U + byte_at(in, 1));
    // libzmq refuses a subscription that arrives before it has sent its own READY.
    if (role != Role::kPublisher) {
      out += "\0"s + static_cast<char>(1 + topic.size()) + '\1' + topic;
    }
    return Setup::kReady;
  }

  Publication publication(const std::string& topic, std::size_t payload) override {
    const std::size_t size = topic.size() + payload;
    if (size < 256) return {"\0"s + static_cast<char>(size) + topic, {}};
    return {"\2"s + big_endian(size, 8) + topic, {}};
  }

  Delivery delivery(const std::string& topic, std::size_t payload) override {
    return framed(publication(topic, payload).head, payload);
  }

  bool ignores_answers() const override { return true; }  // they are subscriptions
  long control(std::string_view in, std::string& /*out*/) override {
    return in.size() > 64 ? -1 : 0;
  }
};

// ----------------------------------------------------- the bare relay's own frame (relay/main.cpp)
// u32 payload | u8 type (1 subscribe, 2 data, 3 acknowledge) | u8 0 | u16 topic, little-endian
class BareFrame final : public Codec {
 public:
  std::string hello(Role role, const std::vector<std::string>& patterns, int /*id*/,
                    bool /*tls*/) override {
    return head(0, role == Role::kPublisher ? 3 : 1, number(patterns.front()));
  }

  Setup setup(Role /*role*/, std::string& in, std::string& /*out*/, const std::string& /*topic*/,
              int& /*step*/) override {
    if (in.size() < 8) return Setup::kMore;
    if (in[4] != 3) return Setup::kRefused;
    in.erase(0, 8);
    return Setup::kReady;
  }

  Publication publication(const std::string& topic, std::size_t payload) override {
    return {head(static_cast<std::uint32_t>(payload), 2, number(topic)), {}};
  }

  Delivery delivery(const std::string& topic, std::size_t payload) override {
    return framed(publication(topic, payload).head, payload);
  }

  long control(std::string_view in, std::string& /*out*/) override {
    if (in.size() < 8) return 0;
    return in[4] == 3 ? 8 : -1;
  }

 private:
  static std::string head(std::uint32_t size, std::uint8_t type, std::uint16_t topic) {
    std::string out(8, '\0');
    std::memcpy(out.data(), &size, sizeof size);
    out[4] = static_cast<char>(type);
    std::memcpy(out.data() + 6, &topic, sizeof topic);
    return out;
  }

  // "topic.7" is 7; "idle.123" is 123 above the topics.
  static std::uint16_t number(const std::string& topic) {
    unsigned value = 0;
    const char* end = topic.data() + topic.size();
    std::from_chars(topic.data() + topic.rfind('.') + 1, end, value);
    return static_cast<std::uint16_t>(topic.starts_with('i') ? 4096 + value : value);
  }
};

// ------------------------------------------------- no protocol: sessions that are only held open
class Silent final : public Codec {
 public:
  std::string hello(Role /*role*/, const std::vector<std::string>& /*patterns*/, int /*id*/,
                    bool /*tls*/) override {
    return {};
  }
  Setup setup(Role /*role*/, std::string& /*in*/, std::string& /*out*/,
              const std::string& /*topic*/, int& /*step*/) override {
    return Setup::kReady;
  }
  Publication publication(const std::string& /*topic*/, std::size_t /*payload*/) override {
    return {};
  }
  Delivery delivery(const std::string& /*topic*/, std::size_t /*payload*/) override { return {}; }
  long control(std::string_view /*in*/, std::string& /*out*/) override { return -1; }
};

}  // namespace

std::unique_ptr<Codec> make_nats() { return std::make_unique<Nats>(); }
std::unique_ptr<Codec> make_redis(bool replies) { return std::make_unique<Redis>(replies); }
std::unique_ptr<Codec> make_mqtt() { return std::make_unique<Mqtt>(); }
std::unique_ptr<Codec> make_zmtp() { return std::make_unique<Zmtp>(); }
std::unique_ptr<Codec> make_silent() { return std::make_unique<Silent>(); }
std::unique_ptr<Codec> make_frame() { return std::make_unique<BareFrame>(); }

std::unique_ptr<Codec> make_codec(std::string_view name) {
  if (name == "nats") return make_nats();
  if (name == "redis") return make_redis(true);
  if (name == "redis-noreply") return make_redis(false);
  if (name == "mqtt") return make_mqtt();
  if (name == "zmq") return make_zmtp();
  if (name == "frame") return make_frame();
  if (name == "openssl") return make_silent();
  if (name == "ours") return make_oap();
  return nullptr;
}

}  // namespace ron::peers
