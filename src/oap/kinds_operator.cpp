// control and control_ok: what an operator asks of a node (docs/OAP-1.md section 10).
#include <algorithm>

#include "oap/fields.hpp"
#include "oap/kinds.hpp"

namespace ron::oap {
namespace {

Decoded<std::vector<ControlArg>> read_args(const CborItem& item) {
  if (item.type != CborType::kMap) return faulty("control.args is not a map");
  if (item.number > kControlArgsMax) return faulty("control.args has too many entries");
  std::vector<ControlArg> args;
  CborMap fields(item);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (value.type != CborType::kText) return faulty("control.args holds something but text");
    args.push_back({key, value.text()});
  }
  return args;
}

}  // namespace

Decoded<Control> read_control(const Message& message) {
  Control control;
  bool op = false;
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == "op") {
      if (!take(value, control.op)) return faulty("control.op is not text");
      op = true;
    } else if (key == "args") {
      auto args = read_args(value);
      if (!args) return faulty(args.error());
      control.args = std::move(*args);
    }
  }
  if (!op) return faulty("control lacks op");
  return control;
}

std::vector<std::uint8_t> write_control(const ControlOut& control) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(control.args.empty() ? 2 : 3);
  to.key("op").text(control.op);
  if (!control.args.empty()) {
    auto args = control.args;
    std::ranges::sort(args, key_before, &ControlOut::Arg::first);
    to.key("args").map(args.size());
    for (const auto& [name, value] : args) to.key(name).text(value);
  }
  to.key("kind").text("control");
  return out;
}

Decoded<std::string_view> read_control_ok(const Message& message) {
  std::string_view body;
  bool found = false;
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key != "body") continue;
    if (!take(value, body)) return faulty("control_ok.body is not text");
    found = true;
  }
  if (!found) return faulty("control_ok lacks body");
  return body;
}

std::vector<std::uint8_t> write_control_ok(std::string_view body) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(2);
  to.key("body").text(body);
  to.key("kind").text("control_ok");
  return out;
}

}  // namespace ron::oap
