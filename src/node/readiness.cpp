#include "node/readiness.hpp"

namespace ron::node {

void ReadinessJudge::Gate::observe(std::uint32_t value, std::uint32_t high, std::uint32_t low,
                                   Duration window, Instant now) {
  if (value < low) red = false;
  if (value < high) {
    above_since = Instant::never();
    return;
  }
  if (above_since.is_never()) above_since = now;
  if (now - above_since >= window) red = true;
}

// Share of publications that the node itself shed since the last observation.
std::uint32_t ReadinessJudge::shed_percent(const ReadinessFacts& facts) const {
  const std::uint64_t shed = facts.shed - facts_.shed;
  const std::uint64_t published = facts.published - facts_.published;
  if (shed == 0) return 0;
  return static_cast<std::uint32_t>(shed * 100 / (published > shed ? published : shed));
}

void ReadinessJudge::observe(const ReadinessFacts& facts, Instant now) {
  const std::uint32_t shed = observed_ ? shed_percent(facts) : 0;
  facts_ = facts;
  observed_ = true;
  queues_.observe(facts.queue_percent, limits_.queue_high, limits_.queue_low, limits_.window, now);
  sheds_.observe(shed, limits_.shed_high, limits_.shed_low, limits_.window, now);
  fds_.observe(facts.fd_percent, limits_.fd_high, limits_.fd_low, Duration{0}, now);

  missing_.clear();
  const auto gate = [&](bool green, std::string_view name) {
    if (!green) missing_.push_back(name);
  };
  gate(facts.listeners_bound, "listeners_bound");
  gate(facts.metrics_bound, "metrics_bound");
  gate(facts.cfg_loaded, "cfg_loaded");
  gate(facts.certificate_ok, "certificate_ok");
  gate(facts.pq_ready, "pq_ready");
  gate(!queues_.red, "queues_ok");
  gate(!sheds_.red, "shed_rate_ok");
  gate(!fds_.red, "fd_headroom");
  gate(facts.mesh_ok, "mesh_ok");
  gate(!facts.draining, "draining");
  was_ready_ = was_ready_ || missing_.empty();
}

}  // namespace ron::node
