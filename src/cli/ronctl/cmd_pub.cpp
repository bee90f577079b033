// ronctl pub: publishes a text, a file, or the lines of a pipe.
#include <CLI/CLI.hpp>

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>

#include "common.hpp"

namespace ron::cli {
namespace {

struct Pub {
  std::string topic;
  std::string what;
  bool lines = false;
  bool whole = false;
  std::uint64_t count = 0;
  double rate = 0;
  bool ack = false;
  std::string reply;
  std::string mode;
  std::vector<std::string> headers;
};

// The answers of acknowledged publications that are under way; bounded.
class Acks {
 public:
  void begin() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_ < kOpenMost; });
    ++open_;
  }
  void end(const sdk::Result<sdk::Published>& result) {
    {
      const std::scoped_lock lock(mutex_);
      --open_;
      if (result) {
        ++acked_;
        to_.to += result->to;
        to_.links += result->links;
      } else if (!error_) {
        error_ = result.error();
      }
    }
    changed_.notify_all();
  }
  void wait_all() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_ == 0; });
  }
  std::uint64_t acked() const {
    const std::scoped_lock lock(mutex_);
    return acked_;
  }
  sdk::Published to() const {
    const std::scoped_lock lock(mutex_);
    return to_;
  }
  std::optional<sdk::Error> error() const {
    const std::scoped_lock lock(mutex_);
    return error_;
  }

 private:
  static constexpr std::size_t kOpenMost = 256;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t open_ = 0;
  std::uint64_t acked_ = 0;
  sdk::Published to_;  // summed
  std::optional<sdk::Error> error_;
};

class Publisher {
 public:
  Publisher(const Context& context, const Pub& args)
      : context_(context),
        args_(args),
        client_(connect(context, {}, true)),
        call_{context.timeout(), context.stop},
        progress_(context) {
    options_.reply = args.reply;
    if (args.mode == "repair") options_.mode = sdk::Mode::kRepair;
    if (args.mode == "best-effort") options_.mode = sdk::Mode::kBestEffort;
    for (const std::string& pair : args.headers) {
      const std::size_t equals = pair.find('=');
      if (equals == std::string::npos) fail_usage("--header wants KEY=VALUE, not '" + pair + "'");
      options_.headers.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    }
  }

  /// False when it is time to stop.
  bool send(std::string_view data) {
    if (context_.interrupted() || acks_.error()) return false;
    pace();
    if (args_.ack) {
      acks_.begin();
      client_.publish_acked(
          args_.topic, data, options_, [this](const auto& result) { acks_.end(result); }, call_);
    } else {
      // A pipe waits as long as the node needs: only a lost connection is timed.
      for (;;) {
        const auto sent = client_.publish(args_.topic, data, options_, call_);
        if (sent) break;
        if (sent.error().code != sdk::ErrorCode::kTimeout || !client_.connected()) {
          fail(sent.error());
        }
      }
    }
    ++sent_;
    bytes_ += data.size();
    progress_.show([&] { return summary(); });
    return true;
  }

  int finish() {
    acks_.wait_all();
    const auto flushed = client_.flush({context_.timeout(), {}});
    progress_.clear();
    const std::uint64_t refused = client_.counters().refused;
    if (context_.json) {
      nlohmann::ordered_json out{{"published", sent_}, {"bytes", bytes_}, {"refused", refused}};
      if (args_.ack) {
        out["acked"] = acks_.acked();
        out["to"] = acks_.to().to;
        out["links"] = acks_.to().links;
      }
      print(out.dump() + "\n");
    } else if (context_.err_is_terminal || args_.ack) {
      tell(summary());
    }
    if (const auto error = acks_.error()) fail(*error);
    if (!flushed) fail(flushed.error());
    if (refused > 0) {
      throw Failed{kRefused, count_text(refused) + " publications were refused by the node"};
    }
    return context_.interrupted() ? kInterrupted : kOk;
  }

  std::uint64_t sent() const { return sent_; }

 private:
  void pace() {
    if (args_.rate <= 0) return;
    const auto due =
        start_ + std::chrono::duration_cast<std::chrono::nanoseconds>(
                     std::chrono::duration<double>(static_cast<double>(sent_) / args_.rate));
    while (!context_.interrupted()) {
      const auto left = due - std::chrono::steady_clock::now();
      if (left <= 0ns) return;
      std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, 100ms));
    }
  }

  std::string summary() const {
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start_;
    const double seconds = std::max(time.count(), 1e-6);
    std::string text =
        "published " + counted_text(sent_, "message") + ", " +
        count_text(static_cast<std::uint64_t>(static_cast<double>(sent_) / seconds)) + "/s, " +
        rate_text(static_cast<double>(bytes_) / seconds);
    if (args_.ack) {
      const sdk::Published to = acks_.to();
      text +=
          ", acknowledged " + count_text(acks_.acked()) + ", to " + counted_text(to.to, "session");
      if (to.links > 0) text += " and " + counted_text(to.links, "link");  // of a mesh
    }
    return text;
  }

  const Context& context_;
  const Pub& args_;
  Acks acks_;  // outlives the client, whose thread calls it
  sdk::Client client_;
  sdk::CallOptions call_;
  sdk::PublishOptions options_;
  Progress progress_;
  std::uint64_t sent_ = 0;
  std::uint64_t bytes_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// The lines of a file, or of standard input for "-", without their ends.
class Lines {
 public:
  explicit Lines(const std::string& path) {
    if (path == "-") return;
    opened_.reset(std::fopen(path.c_str(), "rb"));
    if (!opened_) fail_usage("cannot read " + path + ": " + std::strerror(errno));
    file_ = opened_.get();
  }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  ~Lines() { std::free(line_); }  // NOLINT(*-no-malloc): getline's

  bool next(std::string_view& text) {
    const ssize_t size = ::getline(&line_, &capacity_, file_);
    if (size < 0) return false;
    text = {line_, static_cast<std::size_t>(size)};
    if (text.ends_with('\n')) text.remove_suffix(1);
    return true;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> opened_;
  std::FILE* file_ = stdin;
  char* line_ = nullptr;
  std::size_t capacity_ = 0;
};

void publish_lines(Publisher& to, const std::string& path, std::uint64_t most) {
  Lines lines(path);
  std::string_view text;
  while ((most == 0 || to.sent() < most) && lines.next(text) && to.send(text)) {
  }
}

int run_pub(const Context& context, const Pub& args) {
  if (args.lines && args.whole) fail_usage("--lines and --whole exclude each other");
  std::string what = args.what;
  if (what.empty()) {
    if (::isatty(STDIN_FILENO) != 0) fail_usage("nothing to publish: give a text, @FILE, or -");
    what = "-";
  }
  const bool input = what == "-" || what.starts_with('@');
  const std::string path = what == "-" ? "-" : what.substr(what.starts_with('@') ? 1 : 0);
  if (input && (args.lines || (what == "-" && !args.whole))) {
    Publisher publisher(context, args);
    publish_lines(publisher, path, args.count);
    return publisher.finish();
  }
  const std::string data = input ? read_all(path) : what;
  Publisher publisher(context, args);
  for (std::uint64_t i = 0; i < std::max<std::uint64_t>(1, args.count); ++i) {
    if (!publisher.send(data)) break;
  }
  return publisher.finish();
}

}  // namespace

void add_pub(CLI::App& app, Context& context, Run& run) {
  auto args = std::make_shared<Pub>();
  CLI::App* command = app.add_subcommand("pub", "Publish a text, a file, or the lines of a pipe");
  command->add_option("TOPIC", args->topic, "Where to")->required();
  command->add_option("DATA", args->what, "A text, @FILE, or - for standard input (the default)");
  command->add_flag("--lines", args->lines, "One message a line (the default for -)");
  command->add_flag("--whole", args->whole, "All of the input is one message (default for @FILE)");
  command->add_option("--count", args->count, "Repeat the message, or end after so many lines");
  command->add_option("--rate", args->rate, "At most so many messages a second")
      ->check(CLI::PositiveNumber);
  command->add_flag("--ack", args->ack, "Wait until the node has accepted each one");
  command->add_option("--reply", args->reply, "Topic that answers should go to");
  command
      ->add_option("--mode", args->mode,
                   "Between nodes: repair, or best-effort (default: as the node has it)")
      ->check(CLI::IsMember({"repair", "best-effort"}));
  command->add_option("--header", args->headers, "KEY=VALUE for the application; repeatable");
  command->footer(
      "Paces itself by the node's limits and credit: a pipe of any length loses "
      "nothing.\nEnds when the node has taken everything.");
  command->callback(
      [&context, &run, args] { run = [&context, args] { return run_pub(context, *args); }; });
}

}  // namespace ron::cli
