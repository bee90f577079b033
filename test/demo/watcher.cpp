#include "watcher.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "base/bytes.hpp"

namespace ron::demo {
namespace {

using namespace std::chrono_literals;

template <typename T>
T must(sdk::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

std::uint64_t number_of(const sdk::Message& message) {
  for (const auto& [key, value] : message.headers) {
    if (key == "n") return std::stoull(value);
  }
  return 0;
}

}  // namespace

sdk::Client connect(const sdk::Options& options) { return must(sdk::Client::connect(options)); }

// Written out here once more, so that the proof does not rest on the code it judges.
bool pattern_matches(std::string_view pattern, std::string_view topic) {
  for (;;) {
    const std::string_view want = pattern.substr(0, pattern.find('/'));
    const std::string_view have = topic.substr(0, topic.find('/'));
    if (want == "**" && want.size() == pattern.size()) return true;
    if (want != "*" && want != have) return false;
    const bool pattern_ends = want.size() == pattern.size();
    const bool topic_ends = have.size() == topic.size();
    if (pattern_ends || topic_ends) return pattern_ends && topic_ends;
    pattern.remove_prefix(want.size() + 1);
    topic.remove_prefix(have.size() + 1);
  }
}

void Tally::add(std::string_view data) {
  std::array<std::uint8_t, 8> size{};
  store_be<std::uint64_t>(size.data(), data.size());
  hash_.update(size);
  hash_.update(as_bytes(data));
  ++messages_;
  bytes_ += data.size();
}

Watcher::Watcher(std::string name, std::vector<std::string> patterns, const sdk::Options& options)
    : name_(std::move(name)),
      patterns_(std::move(patterns)),
      client_(connect(options)),
      info_(client_.info()) {
  subscription_ = must(client_.subscribe(patterns_, [this](const sdk::MessageView& view) {
    auto at = ledger_.find(view.topic);
    if (at == ledger_.end()) at = ledger_.emplace(view.topic, Tally{}).first;
    at->second.add(view.data);
    messages_.fetch_add(1, std::memory_order_relaxed);
    bytes_.fetch_add(view.data.size(), std::memory_order_relaxed);
  }));
}

bool Watcher::matches(std::string_view topic) const {
  return std::ranges::any_of(patterns_, [&](const auto& p) { return pattern_matches(p, topic); });
}

const Ledger& Watcher::finish() {
  subscription_.end();
  client_.close();
  return ledger_;
}

SlowWatcher::SlowWatcher(std::vector<std::string> patterns, std::chrono::milliseconds pause,
                         const sdk::Options& options)
    : client_(connect(options)),
      queue_(must(client_.subscribe(std::move(patterns)))),
      pause_(pause),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

SlowWatcher::~SlowWatcher() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void SlowWatcher::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto message = queue_.pop({200ms, stop});
    if (!message) continue;
    const std::uint64_t number = number_of(*message);
    std::uint64_t& last = last_[message->topic];
    if (number <= last) in_order_ = false;
    last = number;
    bytes_.fetch_add(message->data.size(), std::memory_order_relaxed);
    messages_.fetch_add(1, std::memory_order_relaxed);
    if (!hurry_) std::this_thread::sleep_for(pause_);  // lint: allow(sleep)
  }
}

}  // namespace ron::demo
