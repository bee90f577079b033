#include "sim/checkers/bounds.hpp"

#include <algorithm>
#include <string>

namespace ron::sim {
namespace {

constexpr std::size_t kAnswerMost = 384;  // bytes of an answer or a control event, and its place
// Of a session's lanes while they are short, and of its stage.
constexpr std::size_t kTablesMost = (10 * 16 + gossip::kStageEntries) * 48;
constexpr std::size_t kFrameAside = 512;  // bytes of a publication around its data
constexpr std::size_t kOpenMost = 32;    // answers that other shards owe, where nothing limits them
constexpr std::size_t kMailAside = 128;  // messages that are no publications

std::size_t frame_most(const Profile& profile) { return profile.data_most + kFrameAside; }

Verdict over(const char* what, std::size_t held, std::size_t most) {
  if (held <= most) return std::nullopt;
  return "a shard holds " + std::to_string(held) + " " + what + ", more than " +
         std::to_string(most);
}

Verdict check_tables(const node::ShardStats& stats, const Profile& profile) {
  const node::NodeConfig& config = profile.config;
  const std::size_t sessions = std::max<std::size_t>(stats.sessions, 1);
  const gossip::LaneLimits& lanes = config.session.lanes;
  if (auto v = over("lane bytes", stats.lane_bytes, sessions * lanes.gossip_bytes)) return v;
  if (auto v = over("lane frames", stats.lane_frames, sessions * lanes.gossip_frames)) return v;
  if (auto v = over("sessions", stats.sessions, config.max_sessions)) return v;
  return over("subscriptions", stats.subscriptions,
              std::size_t{config.subscriptions_max} * profile.shards);
}

// Above three quarters of the budget nothing new is queued; one read, what waits to be parsed,
// answers, and a lane's table that doubled with the last push come on top.
Verdict check_blocks(const Gauges& gauges, const Profile& profile) {
  std::size_t answers = 0;
  for (const std::size_t waiting : gauges.answers) answers += waiting;
  const std::size_t doubled =
      std::min<std::size_t>(profile.config.queue_bytes / 4 * 3,
                            std::size_t{profile.config.session.lanes.gossip_frames} * 2 * 48);
  const std::size_t most = profile.config.queue_bytes / 4 * 3 + doubled +
                           gauges.stats.input_held_bytes + profile.read_most +
                           (gauges.stats.sessions + 1) * (frame_most(profile) + kTablesMost) +
                           answers * kAnswerMost;
  return over("bytes in blocks", gauges.stats.slab_bytes, most);
}

// Input pauses at the watermark. What was asked before may still be answered by other shards, and a
// session's last words (each code of `refused`, error, bye, keep, credit) need no input.
Verdict check_answers(const Gauges& gauges, const Profile& profile) {
  const node::SessionLimits& limits = profile.config.session;
  const std::size_t open = limits.inflight == 0 ? kOpenMost : limits.inflight;
  const std::size_t most =
      limits.lanes.answers_watermark + oap::kCodeCount + 4 + (profile.shards == 1 ? 0 : open);
  for (const std::size_t waiting : gauges.answers) {
    if (auto v = over("answers of a session", waiting, most)) return v;
  }
  return std::nullopt;
}

// A congested link stops all reading: one session brought the read or the frame that filled it.
Verdict check_mail(const Gauges& gauges, const Profile& profile) {
  const node::NodeConfig& config = profile.config;
  const std::size_t bytes_most = config.mail_bytes + profile.read_most + 2 * frame_most(profile);
  for (const Gauges::Mail& mail : gauges.mail) {
    if (auto v = over("publications on their way to another", mail.publications,
                      config.mail_messages + 2)) {
      return v;
    }
    if (auto v = over("bytes on their way to another", mail.bytes, bytes_most)) return v;
    if (auto v = over("messages for another", mail.messages, config.mail_messages + kMailAside)) {
      return v;
    }
  }
  return std::nullopt;
}

}  // namespace

namespace {

// Where nodes are joined. What the mesh keeps for repair counts as blocks. What other shards feed
// it goes on by the mail of its shard, to sessions and to peers, before they are paused; and a peer
// may ask for much at once, of which twice the budget is sent.
Verdict check_joined(const Gauges& gauges, const Profile& profile) {
  const node::ShardStats& stats = gauges.stats;
  const node::NodeConfig& config = profile.config;
  if (auto v = over("lane bytes", stats.lane_bytes, stats.lane_bytes_max)) return v;
  if (auto v = over("lane frames", stats.lane_frames, stats.lane_frames_max)) return v;
  if (auto v = over("sessions", stats.sessions, config.max_sessions)) return v;
  for (const std::size_t waiting : gauges.answers) {
    const std::size_t most = config.session.peer_lanes.control.frames + oap::kCodeCount + 4;
    if (auto v = over("answers of a session", waiting, most)) return v;
  }
  const std::size_t fed = profile.shards + 2;
  for (const Gauges::Mail& mail : gauges.mail) {
    const std::size_t bytes_most = config.mail_bytes + profile.read_most + 2 * frame_most(profile);
    if (auto v = over("bytes on their way to another", mail.bytes, fed * bytes_most)) return v;
    if (auto v = over("messages for another", mail.messages,
                      fed * (config.mail_messages + kMailAside))) {
      return v;
    }
  }
  return std::nullopt;
}

}  // namespace

Verdict check_bounds(const Gauges& gauges, const Profile& profile) {
  if (profile.nodes > 1) return check_joined(gauges, profile);
  if (auto verdict = check_tables(gauges.stats, profile)) return verdict;
  if (auto verdict = check_blocks(gauges, profile)) return verdict;
  if (auto verdict = check_answers(gauges, profile)) return verdict;
  return check_mail(gauges, profile);
}

}  // namespace ron::sim
