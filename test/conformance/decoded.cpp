#include "decoded.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "oap/envelope.hpp"

namespace ron::conformance {
namespace {

using namespace oap;

std::vector<std::string> texts_of(const CborItem& array) {
  std::vector<std::string> out;
  CborArray elements(array);
  CborItem item;
  while (elements.next(item)) out.emplace_back(item.text());
  return out;
}

template <typename T>
void put(Json& fields, const char* key, const std::optional<T>& value) {
  if (!value) return;
  if constexpr (std::is_same_v<T, std::uint64_t>) {
    fields[key] = number(*value);
  } else {
    fields[key] = *value;
  }
}

const char* name_of(Pq pq) { return pq == Pq::kHybrid ? "hybrid" : "off"; }

Decoded<Read> hello(const Message& message) {
  const auto got = read_hello(message);
  if (!got) return std::unexpected(got.error());
  Json fields{{"kind", "hello"},
              {"features", {{"pq", name_of(got->pq)}, {"comp", got->comp_zstd}}},
              {"versions", got->version_1},
              {"max_frame", number(got->max_frame)},
              {"agent", got->agent},
              {"role", got->role == Role::kPeer ? "peer" : "client"}};
  put(fields, "token", got->token);
  put(fields, "window", got->window);
  put(fields, "epoch", got->epoch);
  if (got->node) fields["node"] = byte_string(*got->node);
  return Read{fields, write_hello(*got)};
}

Decoded<Read> hello_ack(const Message& message) {
  const auto got = read_hello_ack(message);
  if (!got) return std::unexpected(got.error());
  const auto& l = got->limits;
  const Json limits{{"fps", number(l.fps)},           {"rps", number(l.rps)},
                    {"chunk", number(l.chunk)},       {"window", number(l.window)},
                    {"inflight", number(l.inflight)}, {"max_frame", number(l.max_frame)}};
  const Json chosen{
      {"pq", name_of(got->pq)}, {"ver", 1}, {"comp", got->comp_zstd ? "zstd" : "off"}};
  Json fields{{"kind", "hello_ack"}, {"node", byte_string(got->node)},
              {"chosen", chosen},    {"limits", limits},
              {"agent", got->agent}, {"session", number(got->session)}};
  return Read{fields, write_hello_ack(*got)};
}

Decoded<Read> gossip(const Message& message) {
  const auto got = read_gossip(message);
  if (!got) return std::unexpected(got.error());
  Json fields{{"kind", "gossip"},
              {"ts", number(got->ts)},
              {"data", byte_string(got->data)},
              {"topic", got->topic},
              {"fanout", number(got->fanout)}};
  put(fields, "reply", got->reply);
  put(fields, "mode", got->mode);
  return Read{fields, write_gossip({.topic = got->topic,
                                    .data = got->data,
                                    .ts = got->ts,
                                    .fanout = got->fanout,
                                    .reply = got->reply,
                                    .hdr = {},
                                    .mode = got->mode})};
}

Decoded<Read> sub(const Message& message) {
  const auto got = read_sub(message);
  if (!got) return std::unexpected(got.error());
  Json fields{{"kind", message.kind}, {"topics", texts_of(got->topics)}};
  if (message.kind == "sub") put(fields, "echo", got->echo);
  put(fields, "group", got->group);
  if (got->gaps) fields["gaps"] = true;
  const SubOut out{.topics = texts_of(got->topics),
                   .echo = got->echo.value_or(false),
                   .group = std::string(got->group.value_or("")),
                   .gaps = got->gaps};
  return Read{fields, message.kind == "sub" ? write_sub(out) : write_unsub(out)};
}

Decoded<Read> ack(const Message& message) {
  const auto got = read_ack(message);
  if (!got) return std::unexpected(got.error());
  Json fields{{"kind", "ack"}, {"ok", got->ok}, {"for", number(got->for_corr)}};
  put(fields, "to", got->to);
  put(fields, "links", got->links);
  return Read{fields, write_ack(*got)};
}

Decoded<Read> error(const Message& message) {
  const auto got = read_error(message);
  if (!got) return std::unexpected(got.error());
  Json fields{{"kind", "error"}, {"code", got->code}, {"msg", got->msg}};
  put(fields, "retry_after", got->retry_after_ms);
  WireError again{.code = code_of(got->code).value_or(Code::kInternal), .text = got->msg};
  again.retry_after_ms = static_cast<std::uint32_t>(got->retry_after_ms.value_or(0));
  return Read{fields, write_error(again)};
}

Decoded<Read> keep(const Message&) { return Read{Json{{"kind", "keep"}}, write_keep()}; }

Decoded<Read> credit(const Message& message) {
  const auto got = read_credit(message);
  if (!got) return std::unexpected(got.error());
  return Read{Json{{"kind", "credit"}, {"bytes", number(*got)}}, write_credit(*got)};
}

Decoded<Read> lagged(const Message& message) {
  const auto got = read_lagged(message);
  if (!got) return std::unexpected(got.error());
  return Read{Json{{"kind", "lagged"}, {"dropped", number(*got)}}, write_lagged(*got)};
}

Decoded<Read> gap(const Message& message) {
  const auto got = read_gap(message);
  if (!got) return std::unexpected(got.error());
  return Read{Json{{"kind", "gap"},
                   {"origin", byte_string(got->origin)},
                   {"epoch", number(got->epoch)},
                   {"first", number(got->first)},
                   {"last", number(got->last)},
                   {"count", number(got->count)}},
              write_gap(*got)};
}

Decoded<Read> refused(const Message& message) {
  const auto got = read_refused(message);
  if (!got) return std::unexpected(got.error());
  return Read{Json{{"kind", "refused"}, {"code", got->code}, {"dropped", number(got->dropped)}},
              write_refused(got->code, got->dropped)};
}

Decoded<Read> bye(const Message& message) {
  const auto got = read_bye(message);
  if (!got) return std::unexpected(got.error());
  Json fields{{"kind", "bye"}, {"reason", got->reason}};
  ByeOut out{.reason = got->reason, .alt = {}, .after_ms = got->after_ms};
  if (got->alt) fields["alt"] = out.alt = texts_of(*got->alt);
  put(fields, "after_ms", got->after_ms);
  return Read{fields, write_bye(out)};
}

struct Row {
  std::set<std::uint16_t> flags;
  Decoded<Read> (*read)(const Message&);
};

const std::map<std::string, Row, std::less<>>& table() {
  constexpr std::uint16_t kAsked = kEvent | kAckReq;
  static const std::map<std::string, Row, std::less<>> kTable = {
      {"hello", {{kReq}, hello}},
      {"hello_ack", {{kResp}, hello_ack}},
      {"gossip", {{kReq, kEvent, kAsked}, gossip}},
      {"sub", {{kReq}, sub}},
      {"unsub", {{kReq}, sub}},
      {"ack", {{kResp}, ack}},
      {"error", {{kResp}, error}},
      {"keep", {{kEvent}, keep}},
      {"credit", {{kEvent}, credit}},
      {"lagged", {{kEvent}, lagged}},
      {"gap", {{kEvent}, gap}},
      {"refused", {{kEvent}, refused}},
      {"bye", {{kEvent}, bye}}};
  return kTable;
}

}  // namespace

std::optional<bool> flags_fit(std::string_view kind, std::uint16_t flags) {
  const auto row = table().find(kind);
  if (row == table().end()) return std::nullopt;
  return row->second.flags.contains(static_cast<std::uint16_t>(flags & ~kComp));
}

Decoded<Read> read_kind(const Message& message) {
  return table().find(message.kind)->second.read(message);
}

Json reduced(Json fields) {
  const std::string kind = fields.at("kind");
  if (kind == "hello") {
    const auto has = [](const Json& list, const Json& item) {
      return std::find(list.begin(), list.end(), item) != list.end();
    };
    fields["features"]["comp"] = has(fields["features"]["comp"], "zstd");
    fields["versions"] = has(fields["versions"], 1);
    const bool large = fields["max_frame"].is_object() || fields["max_frame"] > 0xffffffffU;
    if (large) fields["max_frame"] = 0xffffffffU;
    if (!fields.contains("role")) fields["role"] = "client";
  }
  if (kind.starts_with("hello") && !fields.contains("agent")) fields["agent"] = "";
  if (kind == "gossip") fields.erase("hdr");  // belongs to applications, never decoded
  return fields;
}

}  // namespace ron::conformance
