#include "watch.hpp"

#include <algorithm>

#include "load.hpp"

namespace ron::smoke {
namespace {

using namespace std::chrono_literals;

constexpr auto kPeriod = 100ms;
constexpr unsigned kMetricsEvery = 10;
constexpr auto kPatience = 2s;
constexpr std::size_t kFlips = 1000;

}  // namespace

std::optional<Sample> take_sample(const AdminAddress& at) {
  const auto page = get(at, "/metrics", kPatience);
  if (!page || page->status != 200) return std::nullopt;
  const auto value = [&](std::string_view name) { return metric(page->body, name); };
  return Sample{.cpu_seconds = value("process_cpu_seconds_total"),
                .memory = value("process_resident_memory_bytes"),
                .files = value("process_open_fds"),
                .files_limit = value("process_max_fds"),
                .shards = value("overlay_shards"),
                .reloads = value("config_update_total"),
                .reloads_failed = value("config_update_failures_total")};
}

Watch::Watch(AdminAddress at, const Plan& plan, Clock::time_point start,
             std::function<std::uint64_t()> lost)
    : at_(std::move(at)),
      plan_(plan),
      start_(start),
      lost_(std::move(lost)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Watch::run(const std::stop_token& stop) {
  auto next = Clock::now();
  for (unsigned n = 0;; ++n) {
    poll_readiness();
    if (n % kMetricsEvery == 0) poll_metrics();
    next = std::max(next + kPeriod, Clock::now());
    if (!wait_until(next, stop)) break;
  }
  poll_metrics();
}

double Watch::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

void Watch::poll_readiness() {
  const auto before = Clock::now();
  const auto answer = get(at_, "/readyz", kPatience);
  const auto time = Clock::now() - before;
  const bool green = answer && answer->status == 200;
  const double now = seconds();
  const std::scoped_lock lock(mutex_);
  ++observed_.polls;
  const double since = std::max(0.0, now - observed_.seconds);  // the poll before
  observed_.seconds += since;
  if (!green) observed_.red_seconds += since;
  if (answer) observed_.answer.add(time);
  if (green == ready_) return;
  ready_ = green;
  if (observed_.flips.size() >= kFlips) return;
  const std::string cause = green ? "" : answer ? cause_of(*answer) : answer.error();
  observed_.flips.push_back({now, green, cause, answer && !green && lost_() == 0});
}

void Watch::poll_metrics() {
  const auto sample = take_sample(at_);
  if (!sample) return;
  const double at = seconds();
  const std::scoped_lock lock(mutex_);
  last_ = sample;
  observed_.memory_most = std::max(observed_.memory_most, sample->memory);
  observed_.files_most = std::max(observed_.files_most, sample->files);
  observed_.files_limit = sample->files_limit;
  observed_.shards = sample->shards;
  observed_.cpu.push_back({at, sample->cpu_seconds});
  const auto elapsed =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(at));
  if (phase_of(plan_, elapsed) == Phase::kWarmUp) return;
  observed_.memory.push_back({at, sample->memory});
  observed_.files.push_back({at, sample->files});
}

std::optional<Sample> Watch::last() const {
  const std::scoped_lock lock(mutex_);
  return last_;
}

bool Watch::ready() const {
  const std::scoped_lock lock(mutex_);
  return ready_;
}

Observed Watch::finish() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  return observed_;
}

}  // namespace ron::smoke
