#include "session_table.hpp"

#include "table.hpp"

namespace ron::cli {

std::string who(const Json& session) {
  std::string name = text_at(session, "name");
  const std::string peer = text_at(session, "peer");
  if (!name.empty()) return peer.empty() ? name : name + " " + peer;
  if (!peer.empty()) return peer;
  return at(session, "uid").is_number() ? "user " + std::to_string(count_at(session, "uid")) : "-";
}

std::string session_table(const Json& sessions) {
  Table table({{"id"},
               {"by"},
               {"who", Align::kLeft, 40},
               {"agent", Align::kLeft, 16},
               {"state"},
               {"age", Align::kRight},
               {"quiet", Align::kRight},
               {"subs", Align::kRight},
               {"queued", Align::kRight},
               {"queued bytes", Align::kRight},
               {"published", Align::kRight},
               {"delivered", Align::kRight},
               {"dropped", Align::kRight},
               {"refused", Align::kRight}});
  for (const Json& one : sessions) {
    const auto count = [&one](std::string_view path) { return count_text(count_at(one, path)); };
    table.add({std::to_string(count_at(one, "id")), text_at(one, "channel"), who(one),
               text_at(one, "agent"), flag_at(one, "tap") ? "tap" : text_at(one, "state"),
               age_text(number_at(one, "age_s")), age_text(number_at(one, "quiet_s")),
               count("subscriptions"), count("queued.frames"),
               bytes_text(number_at(one, "queued.bytes")), count("published.frames"),
               count("delivered.frames"), count("dropped"), count("refused")});
  }
  return table.text();
}

std::string incomplete_note(const Json& answer) {
  if (!at(answer, "complete").is_boolean() || flag_at(answer, "complete")) return {};
  return "a busy shard did not answer in time: this is not all\n";
}

}  // namespace ron::cli
