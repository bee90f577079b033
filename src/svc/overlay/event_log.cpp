#include "svc/overlay/event_log.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "base/hex.hpp"
#include "svc/overlay/handshake_reason.hpp"

namespace ron::svc {
namespace {

using ops::Event;
using ops::Field;
using ops::LogField;

std::string_view channel_name(node::ChannelKind kind) {
  switch (kind) {
    case node::ChannelKind::kTcp: return "tcp";
    case node::ChannelKind::kTls: return "tls";
    case node::ChannelKind::kUnix: return "uds";
    case node::ChannelKind::kMem: break;
  }
  return "mem";
}

// The spelling of overlay_connections_refused_total{reason}.
std::string_view refusal_label(host::Refusal refusal) {
  return refusal == host::Refusal::kRate ? "ratelimit" : host::name(refusal);
}

double millis(Duration d) { return to_seconds(d) * 1000; }

std::string id_text(const host::Event& event) {
  return event.peer_node ? hex(*event.peer_node) : std::string();
}

void log_session(const host::Event& event, ops::Log& log) {
  const bool opened = event.kind == host::EventKind::kSessionOpened;
  const Event what = opened ? Event::kSessionOpened : Event::kSessionClosed;
  if (!log.enabled(what)) return;
  const std::string node = id_text(event);  // fields refer to it
  std::vector<LogField> fields;
  if (!opened) fields.emplace_back(Field::kReason, node::name(event.reason));
  fields.emplace_back(Field::kPeerAddr, event.peer);
  fields.emplace_back(Field::kPeerName, event.peer_name);
  if (event.peer_node) fields.emplace_back(Field::kPeerId, node);
  fields.emplace_back(Field::kSession, event.session.value);
  fields.emplace_back(Field::kChannel, channel_name(event.channel));
  if (opened) {
    fields.emplace_back(Field::kPqMode, event.hybrid ? "hybrid" : "off");
    fields.emplace_back(Field::kKexAlgo, event.group);
  }
  if (event.erred) fields.emplace_back(Field::kErrorCode, oap::name(event.code));
  fields.emplace_back(Field::kLatencyMs, millis(event.lifetime));
  log.write(what, fields);
}

void log_downgrade(const host::Event& event, ops::Log& log) {
  log.write(Event::kDowngradeDetected, {{Field::kPeerAddr, event.peer},
                                        {Field::kPeerName, event.peer_name},
                                        {Field::kSession, event.session.value},
                                        {Field::kPeerMode, "hybrid"},
                                        {Field::kKexAlgo, event.group}});
}

void log_failed_handshake(const host::Event& event, ops::Log& log) {
  std::vector<LogField> fields = {{Field::kReason, handshake_reason(handshake_failure(event))},
                                  {Field::kPeerAddr, event.peer},
                                  {Field::kChannel, channel_name(event.channel)},
                                  {Field::kLatencyMs, millis(event.lifetime)}};
  if (event.erred) fields.emplace_back(Field::kErrorCode, oap::name(event.code));
  log.write(Event::kHandshakeFailed, fields);
}

// Dialed: why there is no session to it.
void log_failed_peer(const host::Event& event, std::string_view reason, ops::Log& log) {
  const std::string node = id_text(event);
  std::vector<LogField> fields = {{Field::kReason, reason}, {Field::kPeerAddr, event.peer}};
  if (event.peer_node) fields.emplace_back(Field::kPeerId, node);
  if (!event.text.empty()) fields.emplace_back(Field::kMessage, event.text);
  if (event.erred) fields.emplace_back(Field::kErrorCode, oap::name(event.code));
  if (event.alert >= 0) fields.emplace_back(Field::kErrorCode, event.alert);
  log.write(Event::kPeerFailed, fields);
}

void log_tls_failure(const host::Event& event, ops::Log& log) {
  std::vector<LogField> fields = {{Field::kReason, handshake_reason(event.failure)},
                                  {Field::kPeerAddr, event.peer},
                                  {Field::kMessage, event.text}};
  if (event.alert >= 0) fields.emplace_back(Field::kErrorCode, event.alert);
  log.write(Event::kHandshakeFailed, fields);
}

std::string reasons_text(const mesh::Expelled& score) {
  std::string out;
  for (const mesh::Scores::Reason& reason : score.reasons) {
    if (reason.count == 0) continue;
    out += (out.empty() ? "" : ", ") + std::string(mesh::name(reason.misdeed)) + " x" +
           std::to_string(reason.count);
  }
  return out;
}

void log_expelled(const host::Event& event, ops::Log& log) {
  const std::string node = id_text(event);
  const auto worst =
      std::ranges::max_element(event.score->reasons, {}, &mesh::Scores::Reason::points);
  const std::string reasons = reasons_text(*event.score);
  log.write(Event::kPeerExpelled, {{Field::kReason, mesh::name(worst->misdeed)},
                                   {Field::kPeerId, node},
                                   {Field::kScore, event.score->points},
                                   {Field::kMessage, reasons}});
}

}  // namespace

std::string_view failed_peer_reason(const host::Event& event) {
  using enum host::EventKind;
  if (event.kind == kDialFailed) return "io";
  if (!event.dialed) return {};
  if (event.kind == kTlsFailed) return handshake_reason(event.failure);
  const bool failed = event.kind == kSessionClosed && !event.was_open;
  return failed ? handshake_reason(handshake_failure(event)) : std::string_view();
}

void log_event(const host::Event& event, ops::Log& log) {
  using enum host::EventKind;
  if (const std::string_view why = failed_peer_reason(event); !why.empty())
    return log_failed_peer(event, why, log);
  switch (event.kind) {
    case kSessionOpened:
      if (event.downgraded) log_downgrade(event, log);
      return log_session(event, log);
    case kSessionClosed:
      if (event.was_open) return log_session(event, log);
      return log_failed_handshake(event, log);
    case kShardDied:
      return log.write(Event::kChildDied, {{Field::kChild, "shard-" + std::to_string(event.shard)},
                                           {Field::kMessage, event.text}});
    case kTlsFailed: return log_tls_failure(event, log);
    case kPeerExpelled: return log_expelled(event, log);
    case kAcceptRefused:
      return log.write(Event::kAcceptRefused, {{Field::kReason, refusal_label(event.refusal)},
                                               {Field::kPeerAddr, event.peer}});
    case kDialFailed:
    case kListening:
    case kListenerClosed:
    case kTlsReloaded:  // the daemon asked for it and tells the outcome itself
    case kTlsReloadFailed:
    case kDrained: return;
  }
}

}  // namespace ron::svc
