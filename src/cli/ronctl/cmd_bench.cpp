// ronctl bench: publishers and subscribers through a node; throughput, latency, losses.
#include <CLI/CLI.hpp>

#include <unistd.h>

#include <atomic>
#include <memory>
#include <thread>

#include "base/bytes.hpp"
#include "cli/common/histogram.hpp"
#include "common.hpp"

namespace ron::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Bench {
  unsigned pubs = 1;
  unsigned subs = 1;
  std::string size = "256";
  double rate = 0;
  std::uint64_t count = 0;
  std::string duration = "5s";
  unsigned topics = 1;
};

constexpr std::size_t kStampSize = 8;

// One subscriber: its own session, counting on its own thread.
struct Receiver {
  std::optional<sdk::Client> client;
  sdk::Subscription subscription;
  std::atomic<std::uint64_t> received = 0;
  Histogram latency;  // of the client's thread; read after it ended
};

struct Sender {
  std::optional<sdk::Client> client;
  std::uint64_t sent = 0;
  std::uint64_t refused = 0;
  std::optional<sdk::Error> error;
};

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());
}

class Measurement {
 public:
  Measurement(const Context& context, const Bench& args)
      : context_(context),
        args_(args),
        size_(std::max<std::size_t>(kStampSize, parse_bytes("--size", args.size))),
        duration_(parse_time("--duration", args.duration)),
        root_("bench/" + std::to_string(::getpid())) {}

  int run() {
    open();
    const auto start = Clock::now();
    publish();
    const std::chrono::duration<double> sending = Clock::now() - start;
    const bool settled = settle();
    const std::chrono::duration<double> whole = Clock::now() - start;
    for (auto& receiver : receivers_) receiver->client->close();
    report(sending.count(), std::max(whole.count(), 1e-9), settled);
    for (const Sender& sender : senders_) {
      if (sender.error) fail(*sender.error);
    }
    if (context_.interrupted()) return kInterrupted;
    return settled ? kOk : kFailure;
  }

 private:
  void open() {
    for (unsigned i = 0; i < args_.subs; ++i) {
      auto receiver = std::make_unique<Receiver>();
      receiver->client = connect(context_);
      Receiver* at = receiver.get();
      receiver->subscription =
          must(receiver->client->subscribe({root_ + "/**"}, [at](const sdk::MessageView& view) {
            const auto sent = load_be<std::uint64_t>(as_bytes(view.data).data());
            at->latency.add(std::chrono::nanoseconds(now_ns() - sent));
            at->received.fetch_add(1, std::memory_order_relaxed);
          }));
      receivers_.push_back(std::move(receiver));
    }
    senders_.resize(args_.pubs);
    for (Sender& sender : senders_) sender.client = connect(context_);
  }

  void publish() {
    const auto until = Clock::now() + duration_;
    std::vector<std::jthread> threads;
    threads.reserve(senders_.size());
    for (unsigned i = 0; i < senders_.size(); ++i) {
      threads.emplace_back([this, i, until] { publish_one(senders_[i], i, until); });
    }
    Progress progress(context_);
    while (ended_.load() < senders_.size() && !context_.interrupted()) {
      std::this_thread::sleep_for(50ms);
      progress.show([&] {
        return "sent " + count_text(sent_.load()) + ", received " + count_text(received());
      });
    }
  }

  void publish_one(Sender& sender, unsigned index, Clock::time_point until) {
    const std::uint64_t share =
        args_.count == 0 ? UINT64_MAX
                         : args_.count / args_.pubs + (index < args_.count % args_.pubs ? 1 : 0);
    const double rate = args_.rate / args_.pubs;
    const auto start = Clock::now();
    std::string data(size_, 'b');
    while (sender.sent < share && (args_.count > 0 || Clock::now() < until) &&
           !context_.interrupted()) {
      if (rate > 0) {
        std::this_thread::sleep_until(
            start + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(static_cast<double>(sender.sent) / rate)));
      }
      store_be<std::uint64_t>(reinterpret_cast<std::uint8_t*>(data.data()), now_ns());
      const std::string topic = root_ + "/" + std::to_string(sender.sent % args_.topics);
      const auto result =
          sender.client->publish(topic, data, {}, {context_.timeout(), context_.stop});
      if (!result) {
        if (!context_.interrupted()) sender.error = result.error();
        break;
      }
      ++sender.sent;
      sent_.fetch_add(1, std::memory_order_relaxed);
    }
    const auto flushed = sender.client->flush({context_.timeout(), {}});
    if (!flushed && !sender.error) sender.error = flushed.error();
    sender.refused = sender.client->counters().refused;
    ended_.fetch_add(1);
  }

  // Every subscriber must account for every message: received, or told as lost.
  bool settle() {
    const auto deadline = Clock::now() + 10s;
    for (;;) {
      bool all = true;
      for (const auto& receiver : receivers_) {
        all = all && receiver->received.load() + receiver->client->counters().lagged == accepted();
      }
      if (all) return true;
      if (Clock::now() > deadline || context_.interrupted()) return false;
      std::this_thread::sleep_for(2ms);
    }
  }

  std::uint64_t accepted() const {
    std::uint64_t sum = 0;
    for (const Sender& sender : senders_) sum += sender.sent - sender.refused;
    return sum;
  }
  std::uint64_t received() const {
    std::uint64_t sum = 0;
    for (const auto& receiver : receivers_) sum += receiver->received.load();
    return sum;
  }
  std::uint64_t lagged() const {
    std::uint64_t sum = 0;
    for (const auto& receiver : receivers_) sum += receiver->client->counters().lagged;
    return sum;
  }

  void report(double sending, double whole, bool settled) const {
    Histogram latency;
    for (const auto& receiver : receivers_) latency.merge(receiver->latency);
    const std::uint64_t sent = accepted();
    const std::uint64_t got = received();
    const std::uint64_t lost = sent * receivers_.size() - got;
    const auto us = [&](double share) {
      return static_cast<double>(latency.quantile(share).count()) / 1e3;
    };
    const double out_rate = static_cast<double>(sent) / std::max(sending, 1e-9);
    const double in_rate = static_cast<double>(got) / whole;
    if (context_.json) {
      nlohmann::ordered_json out{{"pubs", args_.pubs},
                                 {"subs", args_.subs},
                                 {"size", size_},
                                 {"sent", sent},
                                 {"received", got},
                                 {"lost", lost},
                                 {"lagged", lagged()},
                                 {"accounted", settled},
                                 {"publish_per_s", out_rate},
                                 {"deliver_per_s", in_rate},
                                 {"p50_us", us(0.5)},
                                 {"p90_us", us(0.9)},
                                 {"p99_us", us(0.99)},
                                 {"p999_us", us(0.999)},
                                 {"max_us", static_cast<double>(latency.most().count()) / 1e3}};
      print(out.dump() + "\n");
      return;
    }
    const auto bytes = static_cast<double>(size_);
    print("published  " + count_text(sent) + " in " + time_text(nanos(sending)) + ", " +
          count_text(static_cast<std::uint64_t>(out_rate)) + "/s, " + rate_text(out_rate * bytes) +
          "\ndelivered  " + count_text(got) + " to " + std::to_string(receivers_.size()) + ", " +
          count_text(static_cast<std::uint64_t>(in_rate)) + "/s, " + rate_text(in_rate * bytes) +
          "\nlost       " + count_text(lost) + ", told as lagged " + count_text(lagged()) +
          (settled ? " (equal)" : " (NOT EQUAL)") + "\nlatency    p50 " +
          time_text(latency.quantile(0.5)) + ", p90 " + time_text(latency.quantile(0.9)) +
          ", p99 " + time_text(latency.quantile(0.99)) + ", p99.9 " +
          time_text(latency.quantile(0.999)) + ", max " + time_text(latency.most()) + "\n");
  }

  static std::chrono::nanoseconds nanos(double seconds) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
  }

  const Context& context_;
  const Bench& args_;
  const std::size_t size_;
  const Milliseconds duration_;
  const std::string root_;
  std::vector<std::unique_ptr<Receiver>> receivers_;
  std::vector<Sender> senders_;
  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<std::size_t> ended_ = 0;  // senders that are done
};

}  // namespace

void add_bench(CLI::App& app, Context& context, Run& run) {
  auto args = std::make_shared<Bench>();
  CLI::App* command =
      app.add_subcommand("bench", "Measure throughput, latency and losses through a node");
  const auto positive = CLI::Range(1U, 10'000U);
  command->add_option("--pubs", args->pubs, "Publishers")->check(positive)->capture_default_str();
  command->add_option("--subs", args->subs, "Subscribers; each gets everything")
      ->check(positive)
      ->capture_default_str();
  command->add_option("--size", args->size, "Bytes a message (at least 8)")->capture_default_str();
  command->add_option("--rate", args->rate, "Messages a second of all publishers; default: most")
      ->check(CLI::PositiveNumber);
  command->add_option("--count", args->count, "Messages of all publishers, instead of --duration");
  command->add_option("--duration", args->duration, "How long to publish")->capture_default_str();
  command->add_option("--topics", args->topics, "Topics to spread over")
      ->check(positive)
      ->capture_default_str();
  command->footer(
      "Latency is from publish() to the handler, in this process. A lost message that "
      "was not told makes it end with code 1.");
  command->callback([&context, &run, args] {
    run = [&context, args] { return Measurement(context, *args).run(); };
  });
}

}  // namespace ron::cli
