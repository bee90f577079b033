#include "session/client_subs.hpp"

#include "oap/topic.hpp"

namespace ron::session {
namespace {

constexpr std::size_t kBatch = 48;  // patterns a frame: at most about 12 KiB

ClientError refuse(Failure failure, const char* message) { return {failure, message, false, {}}; }

}  // namespace

std::optional<ClientError> ClientSubs::judge(const Subscribe& request) const {
  if (request.patterns.empty()) return refuse(Failure::kBadFrame, "no pattern given");  // OAP-4.21
  for (const std::string& pattern : request.patterns) {
    if (!oap::is_pattern(pattern)) return refuse(Failure::kBadFrame, "not a pattern");
  }
  if (request.group.size() > oap::kGroupMax) return refuse(Failure::kBadFrame, "group too long");
  if (!request.add) return std::nullopt;
  std::size_t fresh = 0;
  for (const std::string& pattern : request.patterns) {
    if (!entries_.contains({request.tenant, request.group, pattern})) ++fresh;
  }
  if (entries_.size() + fresh > most_) {  // OAP-4.22
    return refuse(Failure::kQuotaExceeded, "too many subscriptions");
  }
  return std::nullopt;
}

void ClientSubs::add(SubOp& op) {
  for (const std::string& pattern : op.patterns) {
    const auto at = entries_.find({op.tenant, op.group, pattern});
    op.echo = op.echo || (at != entries_.end() && at->second.echo);
  }
  for (const std::string& pattern : op.patterns) {
    Entry& entry = entries_[{op.tenant, op.group, pattern}];
    ++entry.wanted;
    entry.echo = op.echo;
  }
}

std::vector<std::string> ClientSubs::remove(const SubOp& op) {
  std::vector<std::string> gone;
  for (const std::string& pattern : op.patterns) {
    const auto at = entries_.find({op.tenant, op.group, pattern});
    if (at == entries_.end() || --at->second.wanted > 0) continue;
    entries_.erase(at);
    gone.push_back(pattern);
  }
  return gone;
}

void ClientSubs::forget(const SubOp& op) {
  for (const std::string& pattern : op.patterns) {
    entries_.erase({op.tenant, op.group, pattern});
  }
}

void ClientSubs::confirm(const SubOp& op) {
  for (const std::string& pattern : op.patterns) {
    const auto at = entries_.find({op.tenant, op.group, pattern});
    if (at != entries_.end()) at->second.confirmed = true;
  }
}

void ClientSubs::strip(SubOp& op) const {
  std::erase_if(op.patterns, [&](const std::string& pattern) {
    return !entries_.contains({op.tenant, op.group, pattern});
  });
}

std::vector<SubOp> ClientSubs::restore() {
  std::vector<SubOp> batches;
  const auto fits = [](const SubOp& op, const Key& key, const Entry& entry) {
    return op.tenant == key.tenant && op.group == key.group && op.echo == entry.echo &&
           op.patterns.size() < kBatch;
  };
  for (auto& [key, entry] : entries_) {
    if (!entry.confirmed) continue;
    entry.confirmed = false;
    // Echo and plain ones of a group interleave; at most two batches are open at a time.
    SubOp* batch = nullptr;
    for (std::size_t back = 1; back <= 2 && back <= batches.size(); ++back) {
      SubOp& candidate = batches[batches.size() - back];
      if (fits(candidate, key, entry)) batch = &candidate;
    }
    if (batch == nullptr) {
      SubOp fresh;
      fresh.restores = true;
      fresh.tenant = key.tenant;
      fresh.group = key.group;
      fresh.echo = entry.echo;
      batches.push_back(std::move(fresh));
      batch = &batches.back();
    }
    batch->patterns.push_back(key.pattern);
  }
  return batches;
}

}  // namespace ron::session
