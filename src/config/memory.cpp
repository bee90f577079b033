#include "config/memory.hpp"

#include <algorithm>
#include <bit>

namespace ron::config {
namespace {

constexpr std::uint64_t kKiB = 1U << 10U;
constexpr std::uint64_t kMiB = 1U << 20U;

// Measured (docs/performance.md, "Memory"), rounded up.
constexpr std::uint64_t kProcess = 24 * kMiB;
constexpr std::uint64_t kShard = 12 * kMiB;       // 4 of them spare blocks, 1 the match cache
constexpr std::uint64_t kPlainSession = 4 * kKiB;  // with lanes
constexpr std::uint64_t kTlsSession = 104 * kKiB;  // 33 at rest, a sealed batch, half a record twice
constexpr std::uint64_t kRequest = 192;            // one that waits for other shards
constexpr std::uint64_t kAnswer = 336;             // one that waits to be sent
constexpr std::uint64_t kSubscription = kKiB;      // of usual length, at each shard
constexpr std::uint64_t kLaneEntry = 48;
constexpr std::uint64_t kLink = 2 * kMiB;  // the frame that filled it, the ring, 1024 small messages

// Shares nobody can do without.
constexpr std::uint64_t kQueueLeast = 4 * kMiB;         // a shard
constexpr std::uint64_t kSubscriptionsLeast = kMiB;     // a shard
constexpr std::uint64_t kMailLeast = 256 * kKiB;        // a direction
constexpr std::uint64_t kMailMost = 4 * kMiB;           // the same, without a budget
constexpr std::uint64_t kSubscriptionsMost = 1'000'000;  // a shard

// Of what comes and goes, the allocator cannot use so much again.
constexpr std::uint64_t kLossDivisor = 8;
std::uint64_t with_loss(std::uint64_t bytes) { return bytes + bytes / kLossDivisor; }
std::uint64_t without_loss(std::uint64_t bytes) {
  return bytes / (kLossDivisor + 1) * kLossDivisor;
}

// Group members that were chosen come with their frames.
std::uint64_t mail_cost(std::uint64_t links, std::uint64_t bytes) {
  return links * (bytes + bytes / 2 + kLink);
}

std::uint64_t session_cost(const Settings& s) {
  const std::uint64_t open = s.overlay.peer.inflight_frames;
  constexpr std::uint64_t kLastWords = 32;  // beyond the watermark: refused, error, bye
  const std::uint64_t answers = s.limits.answers_watermark + kLastWords + open;
  return kPlainSession + (s.tls.enabled ? kTlsSession : 0) + open * kRequest + answers * kAnswer;
}

// A lane's table that grows holds the old one and the new one for a moment.
std::uint64_t table_growth(const Settings& s, std::uint64_t shards) {
  const std::uint64_t entries = std::bit_ceil(s.limits.peer_queue_frames);
  return shards * std::min(entries * kLaneEntry * 3 / 2, s.limits.total_queue_bytes);
}

// Each shard holds what its own sessions want and what the others' do.
std::uint64_t subscriptions_wanted(const Settings& s, std::uint64_t shards) {
  const std::uint64_t count = std::min(
      (s.transport.max_conns + kUnixConns) * s.limits.subscriptions_per_session, kSubscriptionsMost);
  return shards * std::max(count * kSubscription, 2 * kSubscriptionsLeast);
}

}  // namespace

MemoryPlan plan_memory(const Settings& settings, std::uint64_t shards) {
  MemoryPlan out;
  const std::uint64_t links = shards * (shards - 1);
  const std::uint64_t growth = table_growth(settings, shards);
  const std::uint64_t wanted = subscriptions_wanted(settings, shards);
  out.process = kProcess;
  out.shards = shards * kShard;
  out.sessions = (settings.transport.max_conns + kUnixConns) * session_cost(settings);
  const std::uint64_t fixed = out.process + out.shards + out.sessions;
  out.at_least = fixed + with_loss(shards * (kQueueLeast + 2 * kSubscriptionsLeast) + growth +
                                   mail_cost(links, kMailLeast));

  out.queue_bytes = settings.limits.total_queue_bytes;
  out.mail_bytes = kMailMost;
  std::uint64_t subscriptions = wanted;
  if (const std::uint64_t budget = settings.limits.memory_budget; budget > 0) {
    const std::uint64_t rest = without_loss(std::max(budget, out.at_least) - fixed) - growth;
    if (links > 0) out.mail_bytes = std::clamp(rest / 12 / links, kMailLeast, kMailMost);
    const std::uint64_t shared = rest - mail_cost(links, out.mail_bytes);
    const std::uint64_t least = shards * 2 * kSubscriptionsLeast;
    const std::uint64_t quarter = std::clamp(shared / 4, least, std::max(least, wanted));
    out.queue_bytes = std::min(out.queue_bytes, shared - quarter);
    subscriptions = std::min(wanted, shared - out.queue_bytes);
  }
  out.queues = out.queue_bytes + growth;
  out.mail = mail_cost(links, out.mail_bytes);
  out.subscriptions = subscriptions;
  // Half is for what a shard lets in itself, half for what the others make it keep.
  out.subscription_bytes = shards == 1 ? subscriptions : subscriptions / 2;
  out.allocator = (out.queues + out.mail + out.subscriptions) / kLossDivisor;
  return out;
}

std::string mib_text(std::uint64_t bytes) {
  return std::to_string((bytes + kMiB - 1) / kMiB) + "MiB";
}

std::string memory_text(const MemoryPlan& plan) {
  return "at most " + mib_text(plan.worst_case()) + ": process " + mib_text(plan.process) +
         ", shards " + mib_text(plan.shards) + ", sessions " + mib_text(plan.sessions) +
         ", queues " + mib_text(plan.queues) + ", between shards " + mib_text(plan.mail) +
         ", subscriptions " + mib_text(plan.subscriptions) + ", allocator " +
         mib_text(plan.allocator);
}

}  // namespace ron::config
