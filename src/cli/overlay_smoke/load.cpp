#include "load.hpp"

#include <algorithm>
#include <condition_variable>

#include "cli/common/tool.hpp"

namespace ron::smoke {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kProblems = 20;
constexpr auto kLateAtMost = 1s;  // behind the end of the schedule: the rest stays unsent
constexpr std::uint64_t kSlowWindow = 128U * 1024;
constexpr double kSlowShare = 0.25;  // of what it is sent
constexpr std::chrono::duration<double> kSlowPauseMost = 1s;

std::string text_of(const sdk::Error& error) {
  return std::string(sdk::name(error.code)) + ": " + error.message;
}

sdk::Client must_connect(Connector& connector, std::uint64_t window) {
  auto client = connector.connect(window);
  if (client) return std::move(*client);
  throw cli::Failed{cli::connect_exit_code(client.error()),
                    "cannot connect: " + client.error().message};
}

}  // namespace

std::uint64_t nanoseconds_of(Clock::time_point at) {
  return static_cast<std::uint64_t>(at.time_since_epoch() / 1ns);
}

void Problems::add(std::string text) {
  const std::scoped_lock lock(mutex_);
  if (list_.size() < kProblems) list_.push_back(std::move(text));
}

std::vector<std::string> Problems::list() const {
  const std::scoped_lock lock(mutex_);
  return list_;
}

sdk::Result<sdk::Client> Connector::connect(std::uint64_t window) {
  sdk::Options options = options_;
  options.window = window;
  options.reconnect = false;  // a lost session is a finding, not something to hide
  const auto before = Clock::now();
  auto client = sdk::Client::connect(std::move(options));
  const auto time = Clock::now() - before;
  const std::scoped_lock lock(mutex_);
  if (client) times_.add(time);
  return client;
}

Histogram Connector::times() const {
  const std::scoped_lock lock(mutex_);
  return times_;
}

bool wait_until(Clock::time_point at, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_until(lock, stop, at, [] { return false; });
  return !stop.stop_requested();
}

Publisher::Publisher(const Course& course, unsigned index)
    : course_(course),
      index_(index),
      client_(must_connect(course.connector, sdk::Options{}.window)),
      topic_(course.topic(index)) {}

void Publisher::begin(Clock::time_point start) {
  start_ = start;
  thread_ = std::jthread([this] {
    run();
    ended_ = true;
  });
}

void Publisher::run() {
  const Plan& plan = course_.plan;
  Classes classes(plan.mix, index_ * 3);
  const auto latest = start_ + plan.duration + kLateAtMost;
  for (std::uint64_t i = 0;; ++i) {
    const auto at = due(plan, index_, i);
    if (at >= plan.duration || Clock::now() > latest) break;
    if (!wait_until(start_ + at, course_.stop)) break;
    if (plan.reconnect_every > 0 && i > 0 && i % plan.reconnect_every == 0 && !renew()) return;
    if (!send(classes.next(), start_ + at)) return;
  }
  settle();
}

bool Publisher::send(Class of, Clock::time_point due) {
  const ClassShape& form = shape(of);
  data_.resize(form.chunk_bytes, 'o');
  for (unsigned chunk = 0; chunk < form.chunks; ++chunk) {
    write_stamp({.due_ns = nanoseconds_of(due),
                 .sequence = sent_ + 1,
                 .publisher = static_cast<std::uint16_t>(index_),
                 .of = of,
                 .chunk = static_cast<std::uint8_t>(chunk)},
                data_);
    const auto done = client_.publish(topic_, data_);
    if (!done) {
      course_.problems.add("publisher " + std::to_string(index_) + ": " + text_of(done.error()));
      refused_ += client_.counters().refused;
      return false;
    }
    ++sent_;
    bytes_ += form.chunk_bytes;
  }
  ++messages_[static_cast<std::size_t>(of)];
  return true;
}

// A session of its own again: what the old one sent is with the node before.
bool Publisher::renew() {
  if (!settle()) return false;
  client_.close();
  auto client = course_.connector.connect();
  if (!client) {
    course_.problems.add("publisher " + std::to_string(index_) + ": " + text_of(client.error()));
    return false;
  }
  client_ = std::move(*client);
  return true;
}

bool Publisher::settle() {
  const auto flushed = client_.flush();
  if (!flushed)
    course_.problems.add("publisher " + std::to_string(index_) + ": " + text_of(flushed.error()));
  refused_ += client_.counters().refused;
  return flushed.has_value();
}

void Publisher::close() {
  if (thread_.joinable()) thread_.join();
  client_.close();
}

void Intake::take(std::string_view data) {
  const std::uint64_t now = nanoseconds_of(Clock::now());
  const auto stamp = read_stamp(data);
  const std::scoped_lock lock(mutex_);
  if (!stamp) {
    ++foreign_;
  } else if (streams_[stamp->publisher].take(*stamp)) {
    catch_.latency[static_cast<std::size_t>(stamp->of)].add(
        std::chrono::nanoseconds(now - stamp->due_ns));
  }
  ++received_;
}

Intake::Catch Intake::collect() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(catch_, {});
}

std::uint64_t Intake::disorder() const {
  const std::scoped_lock lock(mutex_);
  std::uint64_t sum = foreign_;
  for (const auto& [publisher, stream] : streams_) sum += stream.disorder();
  return sum;
}

std::uint64_t Intake::gaps() const {
  const std::scoped_lock lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& [publisher, stream] : streams_) sum += stream.gaps();
  return sum;
}

Reader::Reader(const Course& course, std::string name, std::vector<unsigned> sources, bool slow)
    : name_(std::move(name)),
      sources_(std::move(sources)),
      slow_(slow),
      pause_(std::min(kSlowPauseMost, std::chrono::duration<double>(
                                          1 / publications_a_second(course.plan) / kSlowShare))),
      client_(must_connect(course.connector, slow ? kSlowWindow : sdk::Options{}.window)) {
  std::vector<std::string> topics;
  topics.reserve(sources_.size());
  for (const unsigned source : sources_) topics.push_back(course.topic(source));
  if (!slow_) {
    subscription_ = cli::must(client_.subscribe(
        topics, [this](const sdk::MessageView& view) { intake_.take(view.data); }));
    return;
  }
  queue_ = cli::must(client_.subscribe(topics));
  thread_ = std::jthread([this](const std::stop_token& stop) { read_slowly(stop); });
}

Reader::~Reader() { close(); }

void Reader::read_slowly(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto message = queue_->pop({200ms, stop});
    if (message) {
      intake_.take(message->data);
      if (!hurry_) std::this_thread::sleep_for(pause_);
    } else if (message.error().code == sdk::ErrorCode::kClosed) {
      return;
    }
  }
}

Account Reader::account(std::uint64_t expected) const {
  return {name_, expected, intake_.received(), lagged(), intake_.disorder(), slow_};
}

void Reader::close() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  client_.close();
}

}  // namespace ron::smoke
