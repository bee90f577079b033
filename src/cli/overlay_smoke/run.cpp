#include "run.hpp"

#include <unistd.h>

#include <algorithm>
#include <random>

#include "churn.hpp"
#include "load.hpp"
#include "own_node.hpp"
#include "watch.hpp"

namespace ron::smoke {
namespace {

using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;

constexpr auto kTurn = 20ms;
constexpr auto kLeadIn = 50ms;  // until the first message is due
constexpr auto kSettle = 15s;
constexpr auto kFilesBack = 5s;
constexpr std::chrono::milliseconds kLine = 60s;
constexpr std::chrono::milliseconds kReload = 10s;
constexpr unsigned kChurners = 2;

std::string topic_root() {
  std::random_device random;
  return "smoke/" + std::to_string(::getpid()) + "-" + std::to_string(random());
}

class Run {
 public:
  Run(const Settings& settings, cli::Context context,
      const std::function<void(const Interval&)>& tell)
      : settings_(settings), context_(std::move(context)), tell_(tell) {
    found_.plan = settings.plan;
  }

  Findings go() {
    start_node();
    connector_.emplace(cli::options_of(context_));
    course_.emplace(settings_.plan, topic_root(), *connector_, problems_, context_.stop);
    open();
    if (admin_) before_ = take_sample(*admin_);
    start_ = Clock::now() + kLeadIn;
    interval_from_ = start_;
    if (admin_) watch_.emplace(*admin_, plan(), start_, [this] { return lost(); });
    for (auto& publisher : publishers_) publisher->begin(start_);
    for (unsigned i = 0; plan().soak && i < kChurners; ++i) {
      churners_.push_back(std::make_unique<Churner>(*course_, i));
    }
    supervise();
    end_churn();
    settle();
    close();
    return std::move(found_);
  }

 private:
  const Plan& plan() const { return settings_.plan; }

  void start_node() {
    if (settings_.own_node) {
      node_ = std::make_unique<NodeProcess>(settings_.node_path, settings_.tls);
      node_->use(context_);
      admin_ = node_->admin();
      found_.own.emplace();
      found_.own->start = node_->start_time();
      if (const auto sample = take_sample(*admin_)) found_.own->files_before = sample->files;
    } else if (!settings_.admin.empty()) {
      auto admin = parse_admin(settings_.admin);
      if (!admin) cli::fail_usage("--admin: " + admin.error());
      admin_ = std::move(*admin);
    }
  }

  void open() {
    for (unsigned i = 0; i < plan().subscribers; ++i) {
      readers_.push_back(std::make_unique<Reader>(*course_, "reader " + std::to_string(i),
                                                  sources_of(plan(), i), false));
    }
    if (plan().soak) {
      readers_.push_back(
          std::make_unique<Reader>(*course_, "slow reader", std::vector<unsigned>{0}, true));
    }
    for (unsigned i = 0; i < plan().publishers; ++i) {
      publishers_.push_back(std::make_unique<Publisher>(*course_, i));
    }
    const sdk::SessionInfo info = readers_.front()->info();
    found_.tls = !info.cipher.empty();
    found_.hybrid = info.hybrid;
    found_.node = context_.url + (settings_.own_node ? " (its own)" : "") +
                  (found_.tls ? ", TLS with " + info.group + ", " + info.cipher : ", no TLS");
  }

  bool over() {
    if (node_ && !node_->running()) {
      problems_.add("the node ended while it was needed");
      return true;
    }
    return std::ranges::all_of(publishers_, &Publisher::ended);
  }

  void supervise() {
    const auto line =
        std::min(kLine, std::max<std::chrono::milliseconds>(1s, plan().duration / 10));
    const auto reload = std::min(kReload, plan().duration / 4);
    auto next_line = start_ + line;
    auto next_reload = start_ + reload;
    while (!over()) {
      std::this_thread::sleep_for(kTurn);
      collect();
      const auto now = Clock::now();
      if (now >= next_line) {
        end_interval(now);
        next_line += line;
      }
      if (plan().soak && node_ && now >= next_reload && now < start_ + plan().duration) {
        node_->reload();
        ++found_.own->reloads_asked;
        next_reload += reload;
      }
    }
    const auto end = Clock::now();
    collect();
    if (end - interval_from_ > line / 2) end_interval(end);
    found_.seconds = Seconds(end - start_).count();
    found_.interrupted = context_.interrupted();
    const auto elapsed = std::min<std::chrono::nanoseconds>(end - start_, plan().duration);
    for (unsigned i = 0; i < plan().publishers; ++i) {
      found_.scheduled += scheduled(plan(), i, elapsed);
    }
  }

  std::uint64_t lost() const {
    std::uint64_t sum = 0;
    for (const auto& reader : readers_) sum += reader->slow() ? 0 : reader->lagged();
    return sum;
  }

  // Takes what the readers have measured since the last time.
  void collect() {
    const auto phase = static_cast<std::size_t>(phase_of(plan(), Clock::now() - start_));
    for (const auto& reader : readers_) {
      const Intake::Catch caught = reader->intake().collect();
      if (reader->slow()) continue;
      for (std::size_t i = 0; i < kClasses; ++i) {
        const Histogram& latency = caught.latency[i];
        found_.classes[i].latency.merge(latency);
        found_.classes[i].delivered += latency.count();
        found_.phases[phase].merge(latency);
        recent_.merge(latency);
      }
    }
    for (std::size_t i = 0; i < kClasses; ++i) {
      found_.classes[i].sent = 0;
      for (const auto& publisher : publishers_) {
        found_.classes[i].sent += publisher->messages(static_cast<Class>(i));
      }
    }
  }

  void end_interval(Clock::time_point now) {
    const double seconds = Seconds(now - interval_from_).count();
    Interval line{.at = Seconds(now - start_).count()};
    line.sent = static_cast<double>(found_.sent() - sent_before_) / seconds;
    line.delivered = static_cast<double>(recent_.count()) / seconds;
    line.p50 = recent_.quantile(0.5);
    line.p95 = recent_.quantile(0.95);
    line.p99 = recent_.quantile(0.99);
    line.lost = lost() - lost_before_;
    const auto sample = watch_ ? watch_->last() : std::nullopt;
    if (sample) {
      line.observed = true;
      line.ready = watch_->ready();
      line.memory = sample->memory;
      line.files = sample->files;
      if (before_) line.cpu = (sample->cpu_seconds - before_->cpu_seconds) / seconds;
    }
    before_ = sample;
    interval_from_ = now;
    sent_before_ = found_.sent();
    lost_before_ = lost();
    recent_ = {};
    tell_(line);
    found_.intervals.push_back(line);
  }

  std::uint64_t expected(const Reader& reader) const {
    std::uint64_t sum = 0;
    for (const unsigned source : reader.sources()) {
      const Flow flow = publishers_[source]->flow();
      sum += flow.sent - flow.refused;
    }
    return sum;
  }

  bool settled(Reader& reader) const {
    return reader.intake().received() + reader.lagged() >= expected(reader) || !reader.connected();
  }

  void settle() {
    for (auto& publisher : publishers_) publisher->close();
    for (auto& reader : readers_) reader->hurry();
    const auto deadline = Clock::now() + kSettle;
    while (Clock::now() < deadline &&
           !std::ranges::all_of(readers_, [&](auto& each) { return settled(*each); })) {
      std::this_thread::sleep_for(10ms);
    }
    collect();
    for (const auto& publisher : publishers_) {
      const Flow flow = publisher->flow();
      found_.flow.sent += flow.sent;
      found_.flow.refused += flow.refused;
      found_.flow.bytes += flow.bytes;
    }
    for (const auto& reader : readers_) {
      found_.accounts.push_back(reader->account(expected(*reader)));
      if (!reader->connected()) problems_.add(found_.accounts.back().reader + ": connection lost");
    }
  }

  void end_churn() {
    if (churners_.empty()) return;
    Churn& all = found_.churn.emplace();
    for (const auto& churner : churners_) {
      const Churn one = churner->finish();
      all.sessions += one.sessions;
      all.subscriptions += one.subscriptions;
      all.received += one.received;
      all.told += one.told;
      all.untold += one.untold;
      all.failed += one.failed;
    }
  }

  void close() {
    if (watch_) found_.observed = watch_->finish();
    for (auto& reader : readers_) reader->close();
    found_.connect = connector_->times();
    found_.connects = found_.connect.count();
    if (node_) end_node();
    found_.problems = problems_.list();
  }

  void end_node() {
    OwnNode& own = *found_.own;
    const auto deadline = Clock::now() + kFilesBack;
    while (const auto sample = take_sample(*admin_)) {
      own.files_after = sample->files;
      own.reloads_done = static_cast<std::uint64_t>(sample->reloads);
      own.reloads_failed = static_cast<std::uint64_t>(sample->reloads_failed);
      const bool all = own.reloads_done + own.reloads_failed >= own.reloads_asked;
      if ((own.files_after <= own.files_before && all) || Clock::now() > deadline) break;
      std::this_thread::sleep_for(50ms);
    }
    own.end_code = node_->stop();
  }

  const Settings& settings_;
  cli::Context context_;
  const std::function<void(const Interval&)>& tell_;
  Findings found_;
  Problems problems_;
  std::unique_ptr<NodeProcess> node_;
  std::optional<AdminAddress> admin_;
  std::optional<Connector> connector_;
  std::optional<Course> course_;
  Clock::time_point start_;
  std::vector<std::unique_ptr<Reader>> readers_;
  std::vector<std::unique_ptr<Publisher>> publishers_;
  std::vector<std::unique_ptr<Churner>> churners_;
  std::optional<Watch> watch_;  // reads the readers: goes first
  // The table over time.
  Histogram recent_;
  Clock::time_point interval_from_;
  std::uint64_t sent_before_ = 0, lost_before_ = 0;
  std::optional<Sample> before_;
};

}  // namespace

Findings execute(const Settings& settings, cli::Context context,
                 const std::function<void(const Interval&)>& tell) {
  return Run(settings, std::move(context), tell).go();
}

}  // namespace ron::smoke
