#include "config/memory.hpp"

#include <algorithm>
#include <bit>

#include "config/peer.hpp"

namespace ron::config {
namespace {

constexpr std::uint64_t kKiB = 1U << 10U;
constexpr std::uint64_t kMiB = 1U << 20U;

// Measured (docs/performance.md, "Memory"), rounded up.
constexpr std::uint64_t kProcess = 24 * kMiB;
constexpr std::uint64_t kShard = 8 * kMiB;         // 4 of them spare blocks, 1 the match cache
constexpr std::uint64_t kPlainSession = 4 * kKiB;  // with lanes
constexpr std::uint64_t kTlsSession =
    104 * kKiB;                                // 33 at rest, a sealed batch, half a record twice
constexpr std::uint64_t kRequest = 192;        // one that waits for other shards
constexpr std::uint64_t kAnswer = 336;         // one that waits to be sent
constexpr std::uint64_t kSubscription = kKiB;  // of usual length, at each shard
constexpr std::uint64_t kLaneEntry = 48;
constexpr std::uint64_t kMeshTables = 96 * kMiB;  // ids seen and missed, trees of origins, views
constexpr std::uint64_t kLink =
    2 * kMiB;  // the frame that filled it, the ring, 1024 small messages

// Shares nobody can do without.
constexpr std::uint64_t kQueueLeast = 4 * kMiB;          // a shard
constexpr std::uint64_t kSubscriptionsLeast = 2 * kMiB;  // a shard
constexpr std::uint64_t kMailLeast = 256 * kKiB;         // a direction
constexpr std::uint64_t kMailMost = 4 * kMiB;            // the same, without a budget
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

// What the mesh remembers is bounded in numbers (mesh::RelayLimits), which no key changes; only
// what it keeps of messages is the operator's to choose.
std::uint64_t mesh_cost(const Settings& s) {
  if (!mesh_enabled(s)) return 0;
  return kMeshTables + with_loss(s.mesh.repair_bytes) + kDialedConns * session_cost(s);
}

// A lane's table that grows holds the old one and the new one for a moment.
std::uint64_t table_growth(const Settings& s, std::uint64_t shards) {
  const std::uint64_t entries = std::bit_ceil(s.limits.peer_queue_frames);
  return shards * std::min(entries * kLaneEntry * 3 / 2, s.limits.total_queue_bytes);
}

// Each shard holds what its own sessions want and what the others' do.
std::uint64_t subscriptions_wanted(const Settings& s, std::uint64_t shards) {
  const std::uint64_t count =
      std::min((s.transport.max_conns + kUnixConns) * s.limits.subscriptions_per_session,
               kSubscriptionsMost);
  return shards * std::max(count * kSubscription, kSubscriptionsLeast);
}

// What a budget is shared out among: for all shards, and mail in one direction.
struct Shares {
  std::uint64_t queues = 0, mail = 0, subscriptions = 0;
};

// An eighth of `spare` for mail, a quarter for subscriptions, the rest for queues; what one does
// not want is the next one's.
Shares share_out(std::uint64_t spare, std::uint64_t links, const Shares& least,
                 const Shares& wanted) {
  Shares out = least;
  if (links > 0) {
    out.mail = std::min(least.mail + spare / 8 / links * 2 / 3, wanted.mail);
    spare -= mail_cost(links, out.mail) - mail_cost(links, least.mail);
  }
  const std::uint64_t queues = std::min(spare - spare / 4, wanted.queues - least.queues);
  out.subscriptions = std::min(least.subscriptions + (spare - queues), wanted.subscriptions);
  spare -= out.subscriptions - least.subscriptions;
  out.queues = std::min(least.queues + spare, wanted.queues);
  return out;
}

}  // namespace

MemoryPlan plan_memory(const Settings& settings, std::uint64_t shards) {
  MemoryPlan out;
  const std::uint64_t links = shards * (shards - 1);
  const std::uint64_t growth = table_growth(settings, shards);
  out.process = kProcess;
  out.shards = shards * kShard;
  out.sessions = (settings.transport.max_conns + kUnixConns) * session_cost(settings);
  out.mesh = mesh_cost(settings);
  const std::uint64_t fixed = out.process + out.shards + out.sessions + out.mesh;

  const Shares wanted = {.queues = settings.limits.total_queue_bytes,
                         .mail = kMailMost,
                         .subscriptions = subscriptions_wanted(settings, shards)};
  const Shares least = {.queues = std::min(shards * kQueueLeast, wanted.queues),
                        .mail = kMailLeast,
                        .subscriptions = shards * kSubscriptionsLeast};
  const std::uint64_t taken =
      growth + mail_cost(links, least.mail) + least.queues + least.subscriptions;
  out.at_least = fixed + with_loss(taken);

  Shares given = wanted;
  if (const std::uint64_t budget = settings.limits.memory_budget; budget > 0) {
    const std::uint64_t rest = without_loss(std::max(budget, out.at_least) - fixed);
    given = share_out(rest - std::min(rest, taken), links, least, wanted);
  }
  out.queue_bytes = given.queues;
  out.mail_bytes = given.mail;
  // Half is for what a shard lets in itself, half for what the others make it keep.
  out.subscription_bytes = shards == 1 ? given.subscriptions : given.subscriptions / 2;
  out.queues = given.queues + growth;
  out.mail = mail_cost(links, given.mail);
  out.subscriptions = given.subscriptions;
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
         ", subscriptions " + mib_text(plan.subscriptions) +
         (plan.mesh > 0 ? ", mesh " + mib_text(plan.mesh) : "") + ", allocator " +
         mib_text(plan.allocator);
}

}  // namespace ron::config
