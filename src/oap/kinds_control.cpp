// ack and error, and the plain EVENTs: keep, credit, lagged, refused, bye (docs/OAP-1.md sections
// 1 and 3 to 6).
#include "oap/fields.hpp"
#include "oap/kinds.hpp"

namespace ron::oap {
namespace {

// A message whose one field besides kind is a required uint.
Decoded<std::uint64_t> read_one_uint(const Message& message, std::string_view name, Fault wrong,
                                     Fault missing) {
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  std::uint64_t number = 0;
  while (fields.next(key, value)) {
    if (key != name) continue;
    if (!take(value, number)) return faulty(wrong);
    return number;
  }
  return faulty(missing);
}

std::vector<std::uint8_t> write_one_uint(std::string_view kind, std::string_view name,
                                         std::uint64_t number) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(2);
  to.key("kind").text(kind);
  to.key(name).uint(number);
  return out;
}

}  // namespace

// OAP-4.46 OAP-4.16
Decoded<Ack> read_ack(const Message& message) {
  Ack ack;
  bool ok = false;
  bool answers = false;
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == "ok") {
      if (!take(value, ack.ok) || !ack.ok) return faulty("ack.ok is not true");
      ok = true;
    } else if (key == "for") {
      if (!take(value, ack.for_corr)) return faulty("ack.for is not a uint");
      answers = true;
    } else if (key == "to") {
      if (!take(value, ack.to)) return faulty("ack.to is not a uint");
    } else if (key == "links") {
      if (!take(value, ack.links)) return faulty("ack.links is not a uint");
    }
  }
  if (!ok || !answers) return faulty("ack lacks ok or for");
  return ack;
}

std::vector<std::uint8_t> write_ack(const Ack& ack) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(3U + (ack.to ? 1U : 0U) + (ack.links ? 1U : 0U));
  to.key("ok").boolean(true);
  if (ack.to) to.key("to").uint(*ack.to);
  to.key("for").uint(ack.for_corr);
  to.key("kind").text("ack");
  if (ack.links) to.key("links").uint(*ack.links);
  return out;
}

// OAP-4.47
Decoded<ErrorMessage> read_error(const Message& message) {
  ErrorMessage error;
  bool code = false;
  bool msg = false;
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == "msg") {
      if (!take(value, error.msg)) return faulty("error.msg is not text");
      msg = true;
    } else if (key == "code") {
      if (!take(value, error.code)) return faulty("error.code is not text");
      code = true;
    } else if (key == "retry_after") {
      if (!take(value, error.retry_after_ms)) return faulty("error.retry_after is not a uint");
    }
  }
  if (!code || !msg) return faulty("error lacks code or msg");
  return error;
}

std::vector<std::uint8_t> write_error(const WireError& error) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(error.retry_after_ms > 0 ? 4 : 3);
  to.key("msg").text(error.text);
  to.key("code").text(name(error.code));
  to.key("kind").text("error");
  if (error.retry_after_ms > 0) to.key("retry_after").uint(error.retry_after_ms);
  return out;
}

// OAP-3.33
std::vector<std::uint8_t> write_keep() {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(1);
  to.key("kind").text("keep");
  return out;
}

// OAP-5.9
Decoded<std::uint64_t> read_credit(const Message& message) {
  return read_one_uint(message, "bytes", "credit.bytes is not a uint", "credit lacks bytes");
}

std::vector<std::uint8_t> write_credit(std::uint64_t bytes) {
  return write_one_uint("credit", "bytes", bytes);
}

// OAP-4.43
Decoded<std::uint64_t> read_lagged(const Message& message) {
  return read_one_uint(message, "dropped", "lagged.dropped is not a uint", "lagged lacks dropped");
}

std::vector<std::uint8_t> write_lagged(std::uint64_t dropped) {
  return write_one_uint("lagged", "dropped", dropped);
}

// OAP-1.31
Decoded<Refused> read_refused(const Message& message) {
  Refused refused;
  bool code = false;
  bool dropped = false;
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == "code") {
      if (!take(value, refused.code)) return faulty("refused.code is not text");
      code = true;
    } else if (key == "dropped") {
      if (!take(value, refused.dropped)) return faulty("refused.dropped is not a uint");
      dropped = true;
    }
  }
  if (!code || !dropped) return faulty("refused lacks code or dropped");
  return refused;
}

std::vector<std::uint8_t> write_refused(std::string_view code, std::uint64_t dropped) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(3);
  to.key("code").text(code);
  to.key("kind").text("refused");
  to.key("dropped").uint(dropped);
  return out;
}

// OAP-6.1
Decoded<Bye> read_bye(const Message& message) {
  Bye bye;
  bool reason = false;
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == "reason") {
      if (!take(value, bye.reason)) return faulty("bye.reason is not text");
      reason = true;
    } else if (key == "alt") {
      if (!is_array_of(value, CborType::kText)) return faulty("bye.alt is not a list of text");
      bye.alt = value;
    } else if (key == "after_ms") {
      if (!take(value, bye.after_ms)) return faulty("bye.after_ms is not a uint");
    }
  }
  if (!reason) return faulty("bye lacks reason");
  return bye;
}

std::vector<std::uint8_t> write_bye(const ByeOut& bye) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(2U + (bye.alt.empty() ? 0U : 1U) + (bye.after_ms ? 1U : 0U));
  if (!bye.alt.empty()) {
    to.key("alt").array(bye.alt.size());
    for (const std::string& address : bye.alt) to.text(address);
  }
  to.key("kind").text("bye");
  to.key("reason").text(bye.reason);
  if (bye.after_ms) to.key("after_ms").uint(*bye.after_ms);
  return out;
}

}  // namespace ron::oap
