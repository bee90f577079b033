// What the command line tools share: global options, exit codes, connecting, telling.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <ron/ron.hpp>

namespace ron::cli {

using namespace std::chrono_literals;
using Milliseconds = std::chrono::milliseconds;

/// Documented in the help of the tools: scripts rely on them.
enum Exit : int {
  kOk = 0,
  kFailure = 1,
  kUsage = 2,
  kNoConnection = 3,
  kRefused = 4,
  kTimeout = 5,
  kNoResponder = 6,
  kWarnings = 7,  // doctor
  kBroken = 8,    // doctor
  kConfig = 78,   // as svc-overlay --check
  kInterrupted = 130,
};

/// Global options and the state of the process.
struct Context {
  std::string tool = "ronctl";  // its name, also told to the node
  std::string url = "ron://127.0.0.1:9500";
  std::string ca, cert, key;
  std::vector<std::string> server_names;
  std::string pq = "hybrid";
  std::string timeout_text = "10s";
  bool json = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool color = false;    // on the terminal of stdout
  std::stop_token stop;  // requested by the first SIGINT or SIGTERM

  bool interrupted() const { return stop.stop_requested(); }
  Milliseconds timeout() const;
};

/// What the parsed command line leaves behind to run.
using Run = std::function<int()>;

/// An error that ends the command.
struct Failed {
  int code = kFailure;
  std::string text;
};

/// The SDK's options by the global options; throws Failed.
sdk::Options options_of(const Context& context);

/// Connects by the global options; throws Failed. `on_event` as in the SDK.
sdk::Client connect(const Context& context,
                    std::function<void(const sdk::ConnectionEvent&)> on_event = {},
                    bool reconnect = false);

/// The exit code of an error of a call (not of connecting).
int exit_code(const sdk::Error& error);
/// The exit code of a connection that could not be made.
int connect_exit_code(const sdk::Error& error);

[[noreturn]] void fail(const sdk::Error& error);
[[noreturn]] void fail_usage(const std::string& text);

/// A value out of a Result, or fail().
template <typename T>
T must(sdk::Result<T> result) {
  if (!result) fail(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// "250ms", "5s", "2m"; throws Failed with the option's name.
Milliseconds parse_time(const std::string& option, const std::string& text);

/// "64KiB", "100"; throws Failed with the option's name.
std::uint64_t parse_bytes(const std::string& option, const std::string& text);

/// Writes to stdout; false when nobody reads any more (the command ends quietly).
bool print(std::string_view text);
bool flush_output();

/// A line on stderr.
void tell(std::string_view text);

/// One JSON object a line on stdout.
bool print_json(const nlohmann::json& value);

/// A line on stderr that overwrites itself; only where stderr is a terminal.
class Progress {
 public:
  explicit Progress(const Context& context) : on_(context.err_is_terminal && !context.json) {}
  ~Progress();
  /// At most five times a second.
  void show(const std::function<std::string()>& text);
  void clear();

 private:
  bool on_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_{};
};

/// The system's words for an errno.
std::string error_text(int error);

/// The whole of a file, or of stdin for "-"; throws Failed.
std::string read_all(const std::string& path);

std::string hex(const std::uint8_t* bytes, std::size_t size);

/// "1.2 ms", "350 us".
std::string time_text(std::chrono::nanoseconds time);
/// "12.3 MB/s", "998 B/s".
std::string rate_text(double bytes_per_second);
/// "1 234 567"
std::string count_text(std::uint64_t count);
/// "1 session", "1 234 sessions".
std::string counted_text(std::uint64_t count, std::string_view noun);

}  // namespace ron::cli
