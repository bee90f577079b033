#include "cli/common/tool.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>

#include "config/quantity.hpp"

namespace ron::cli {

sdk::Options options_of(const Context& context) {
  sdk::Options options;
  options.url = context.url;
  options.ca_path = context.ca;
  options.cert_path = context.cert;
  options.key_path = context.key;
  options.server_names = context.server_names;
  options.agent = context.tool;
  options.connect_timeout = context.timeout();
  options.hybrid = context.pq == "off"       ? sdk::Hybrid::kOff
                   : context.pq == "require" ? sdk::Hybrid::kRequire
                                             : sdk::Hybrid::kPrefer;
  // Not a flag: arguments of a process are visible to everybody on the machine.
  if (const char* token = std::getenv("RON_CAP"); token != nullptr && *token != '\0') {
    options.token = token;
  }
  return options;
}

Milliseconds Context::timeout() const { return parse_time("--timeout", timeout_text); }

sdk::Client connect(const Context& context,
                    std::function<void(const sdk::ConnectionEvent&)> on_event, bool reconnect) {
  sdk::Options options = options_of(context);
  options.gaps = static_cast<bool>(on_event);
  options.on_event = std::move(on_event);
  options.reconnect = reconnect;
  auto client = sdk::Client::connect(std::move(options));
  if (client) return std::move(*client);
  const sdk::Error& error = client.error();
  std::string text = "cannot connect to " + context.url + ": " + error.message;
  if (error.code == sdk::ErrorCode::kUsage) text = error.message;
  throw Failed{connect_exit_code(error), std::move(text)};
}

int connect_exit_code(const sdk::Error& error) {
  switch (error.code) {
    case sdk::ErrorCode::kUsage: return kUsage;
    case sdk::ErrorCode::kBadVersion:
    case sdk::ErrorCode::kNotReady:
    case sdk::ErrorCode::kUnauth:
    case sdk::ErrorCode::kForbidden:
    case sdk::ErrorCode::kQuotaExceeded:
    case sdk::ErrorCode::kBusy: return kRefused;
    default: return kNoConnection;
  }
}

int exit_code(const sdk::Error& error) {
  switch (error.code) {
    case sdk::ErrorCode::kUsage: return kUsage;
    case sdk::ErrorCode::kTimeout: return kTimeout;
    case sdk::ErrorCode::kNoResponder: return kNoResponder;
    case sdk::ErrorCode::kCancelled: return kInterrupted;
    case sdk::ErrorCode::kConnect: return kNoConnection;
    case sdk::ErrorCode::kDisconnected:
    case sdk::ErrorCode::kClosed:
    case sdk::ErrorCode::kProtocol: return kFailure;
    default: return kRefused;
  }
}

void fail(const sdk::Error& error) {
  std::string text(name(error.code));
  text += ": " + error.message;
  if (error.retry_after.count() > 0) {
    text += " (try again in " + std::to_string(error.retry_after.count()) + " ms)";
  }
  throw Failed{exit_code(error), std::move(text)};
}

void fail_usage(const std::string& text) { throw Failed{kUsage, text}; }

Milliseconds parse_time(const std::string& option, const std::string& text) {
  const auto parsed = config::parse_duration(text);
  if (!parsed) fail_usage(option + ": " + parsed.error());
  return *parsed;
}

std::uint64_t parse_bytes(const std::string& option, const std::string& text) {
  const auto parsed = config::parse_size(text);
  if (!parsed) fail_usage(option + ": " + parsed.error());
  return *parsed;
}

bool print(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
}

bool flush_output() { return std::fflush(stdout) == 0; }

void tell(std::string_view text) {
  std::string line(text);
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

bool print_json(const nlohmann::json& value) {
  return print(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

Progress::~Progress() { clear(); }

void Progress::show(const std::function<std::string()>& text) {
  const auto now = std::chrono::steady_clock::now();
  if (!on_ || now < next_) return;
  next_ = now + 200ms;
  shown_ = true;
  std::fprintf(stderr, "\r\x1b[K%s", text().c_str());
  std::fflush(stderr);
}

void Progress::clear() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
  shown_ = false;
}

std::string error_text(int error) { return std::generic_category().message(error); }

std::string read_all(const std::string& path) {
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> opened;
  if (path != "-") opened.reset(std::fopen(path.c_str(), "rb"));
  std::FILE* const file = path == "-" ? stdin : opened.get();
  if (file == nullptr) fail_usage("cannot read " + path + ": " + error_text(errno));
  std::string all;
  std::array<char, 64 * 1024> block{};
  while (std::feof(file) == 0 && std::ferror(file) == 0) {
    all.append(block.data(), std::fread(block.data(), 1, block.size(), file));
  }
  if (std::ferror(file) != 0) {
    throw Failed{kFailure, "cannot read " + path + ": " + error_text(errno)};
  }
  return all;
}

std::string hex(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(size * 2);
  for (std::size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4U];
    text += kDigits[bytes[i] & 15U];
  }
  return text;
}

std::string time_text(std::chrono::nanoseconds time) {
  const auto ns = static_cast<double>(time.count());
  std::array<char, 32> text{};
  if (ns < 1e3) {
    std::snprintf(text.data(), text.size(), "%.0f ns", ns);
  } else if (ns < 1e6) {
    std::snprintf(text.data(), text.size(), "%.1f us", ns / 1e3);
  } else if (ns < 1e9) {
    std::snprintf(text.data(), text.size(), "%.2f ms", ns / 1e6);
  } else {
    std::snprintf(text.data(), text.size(), "%.2f s", ns / 1e9);
  }
  return text.data();
}

std::string rate_text(double bytes_per_second) {
  std::array<char, 32> text{};
  if (bytes_per_second < 1e3) {
    std::snprintf(text.data(), text.size(), "%.0f B/s", bytes_per_second);
  } else if (bytes_per_second < 1e6) {
    std::snprintf(text.data(), text.size(), "%.1f kB/s", bytes_per_second / 1e3);
  } else {
    std::snprintf(text.data(), text.size(), "%.1f MB/s", bytes_per_second / 1e6);
  }
  return text.data();
}

std::string count_text(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, " ");
  return digits;
}

std::string counted_text(std::uint64_t count, std::string_view noun) {
  return count_text(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace ron::cli
