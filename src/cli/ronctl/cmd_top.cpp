// ronctl top: rates, queues and drops, live.
#include <CLI/CLI.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <memory>

#include "common.hpp"
#include "moment.hpp"
#include "top_view.hpp"

namespace ron::cli {
namespace {

constexpr std::array<const char*, 7> kOrders = {"traffic",   "queued", "dropped", "published",
                                                "delivered", "age",    "id"};
// Of more sessions than these, rates are known only of those the node ranks first.
constexpr const char* kAskedFor = "500";

struct Top {
  std::string order = kOrders[0];
  std::string interval = "1s";
  std::uint64_t count = 0;
  std::uint32_t limit = 20;
};

// The alternate screen without a cursor; the terminal is as it was when this goes.
class Screen {
 public:
  explicit Screen(bool on) : on_(on) {
    if (on_) print("\x1b[?1049h\x1b[?25l");
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen() {
    if (on_) print("\x1b[?25h\x1b[?1049l");
    flush_output();
  }

  void show(const Interval& interval) const {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
      size = {.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    std::string out = "\x1b[H";
    // One row less: the last newline would scroll.
    for (const char c : top_screen(interval, clock_text(now()), size.ws_row - 1U, size.ws_col))
      out += c == '\n' ? "\x1b[K\r\n" : std::string(1, c);
    print(out + "\x1b[J");
  }

 private:
  bool on_;
};

class Watch {
 public:
  Watch(const Context& context, const Top& args)
      : context_(context), args_(args), every_(parse_time("--interval", args.interval)) {
    if (every_ < 100ms) fail_usage("--interval: at least 100ms");
    const auto* at = std::ranges::find(kOrders, args.order);
    order_ = static_cast<TopOrder>(at - kOrders.begin());
  }

  int run() {
    sdk::Client client = connect_operator(context_);
    read(client);
    const Screen screen(context_.out_is_terminal && !context_.json);
    for (std::uint64_t shown = 0; args_.count == 0 || shown < args_.count; ++shown) {
      if (!pause(context_, every_)) return kInterrupted;
      show(screen, read(client));
      if (!flush_output()) return kOk;
    }
    return kOk;
  }

 private:
  Interval read(sdk::Client& client) {
    const Answer status = ask(context_, client, "status");
    const std::string order = order_ == TopOrder::kTraffic ? "delivered" : args_.order;
    const Answer sessions =
        ask(context_, client, "sessions", {{"order", order}, {"limit", kAskedFor}});
    const std::chrono::duration<double> at = std::chrono::steady_clock::now().time_since_epoch();
    return meter_.read(status.json, sessions.json, at.count(), order_);
  }

  void show(const Screen& screen, const Interval& interval) const {
    if (context_.json) {
      print(top_json(interval, timestamp_text(now()), args_.limit)
                .dump(-1, ' ', false, Json::error_handler_t::replace) +
            "\n");
    } else if (context_.out_is_terminal) {
      screen.show(interval);
    } else {
      print(top_line(interval, clock_text(now())));
    }
  }

  const Context& context_;
  const Top& args_;
  Milliseconds every_;
  TopOrder order_{};
  RateMeter meter_;
};

}  // namespace

void add_top(CLI::App& app, Context& context, Run& run) {
  auto args = std::make_shared<Top>();
  CLI::App* command = app.add_subcommand("top", "Rates, queues and drops, live");
  command->add_option("--order", args->order, "The sessions with most of this first")
      ->check(CLI::IsMember(std::vector<std::string>(kOrders.begin(), kOrders.end())))
      ->capture_default_str();
  command->add_option("--interval", args->interval, "Time between two looks (at least 100ms)")
      ->capture_default_str();
  command->add_option("--count", args->count, "End after so many intervals");
  command->add_option("--limit", args->limit, "Sessions in JSON")->capture_default_str();
  command->footer(
      "Ctrl-C ends it. Not on a terminal: a line an interval. --json: an object an interval.\nOn "
      "a node with more than 500 sessions, rates are those of the 500 the node ranks first.");
  command->callback(
      [&context, &run, args] { run = [&context, args] { return Watch(context, *args).run(); }; });
}

}  // namespace ron::cli
