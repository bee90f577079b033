// The only file that knows spdlog.
#include "ops/log.hpp"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <vector>

#include "ops/log_sampler.hpp"

namespace ron::ops {
namespace {

constexpr std::size_t kQueueLines = 8192;

// Runs on the writer thread only, so a slow pipe holds up nobody else.
class FdSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit FdSink(int fd) : fd_(fd) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    line_.assign(message.payload.data(), message.payload.size());
    line_ += '\n';
    std::size_t at = 0;
    while (at < line_.size()) {
      const ssize_t n = ::write(fd_, line_.data() + at, line_.size() - at);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return;  // nobody reads; there is nowhere to complain
      at += static_cast<std::size_t>(n);
    }
  }
  void flush_() override {}

 private:
  int fd_;
  std::string line_;
};

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace: return spdlog::level::trace;
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarn: return spdlog::level::warn;
    case LogLevel::kError: break;
  }
  return spdlog::level::err;
}

std::uint64_t wall_ms_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

Instant sampler_now() { return Instant(std::chrono::steady_clock::now().time_since_epoch()); }

std::string_view reason_of(std::span<const LogField> fields) {
  for (const LogField& field : fields)
    if (field.field == Field::kReason)
      if (const auto* text = std::get_if<std::string_view>(&field.value)) return *text;
  return {};
}

}  // namespace

struct Log::Impl {
  explicit Impl(const LogOptions& options)
      : service(options.service), terminal(::isatty(options.fd) == 1) {
    set_format(options.format);
    pool = std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
    logger =
        std::make_shared<spdlog::async_logger>("ron", std::make_shared<FdSink>(options.fd), pool,
                                               spdlog::async_overflow_policy::overrun_oldest);
    logger->set_level(spdlog_level(options.level));
  }

  void set_format(config::LogFormat format) {
    people = format == config::LogFormat::kText || (format == config::LogFormat::kAuto && terminal);
    colour = people && terminal && std::getenv("NO_COLOR") == nullptr;
  }

  void emit(const EventRow& row, std::span<const LogField> fields) {
    const LogRecord record{row.event, row.level, wall_ms_now(), service, fields};
    const std::string line = people ? text_line(record, colour) : json_line(record);
    logger->log(spdlog_level(row.level), spdlog::string_view_t(line.data(), line.size()));
  }

  std::string service;
  const bool terminal;
  std::atomic<bool> people = false, colour = false;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;
  std::mutex sampler_mutex;
  LogSampler sampler;
};

Log::Log(const LogOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Log::~Log() = default;

void Log::write(Event event, std::initializer_list<LogField> fields) {
  write(event, std::span<const LogField>(fields.begin(), fields.size()));
}

void Log::write(Event event, std::span<const LogField> fields) {
  if (!enabled(event)) return;
  const EventRow& row = row_of(event);
  if (!row.sampled) return impl_->emit(row, fields);
  std::optional<std::uint64_t> suppressed;
  {
    const std::scoped_lock lock(impl_->sampler_mutex);
    suppressed = impl_->sampler.admit(event, reason_of(fields), sampler_now());
  }
  if (!suppressed) return;
  if (*suppressed == 0) return impl_->emit(row, fields);
  std::vector<LogField> more(fields.begin(), fields.end());
  more.emplace_back(Field::kSuppressed, *suppressed);
  impl_->emit(row, more);
}

bool Log::enabled(Event event) const {
  return impl_->logger->should_log(spdlog_level(row_of(event).level));
}

void Log::set_format(config::LogFormat format) { impl_->set_format(format); }

void Log::set_level(LogLevel level) { impl_->logger->set_level(spdlog_level(level)); }

LogLevel Log::level() const {
  for (const LogLevel level :
       {LogLevel::kTrace, LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn})
    if (impl_->logger->should_log(spdlog_level(level))) return level;
  return LogLevel::kError;
}

bool Log::for_people() const { return impl_->people; }

void Log::tell_person(std::string_view text) {
  if (!impl_->people || !impl_->terminal) return;
  impl_->logger->log(spdlog::level::critical, spdlog::string_view_t(text.data(), text.size()));
}

void Log::drain() {
  impl_->logger->set_level(spdlog::level::off);
  impl_->pool.reset();  // the last owner: joins the writer after its queue
}

std::uint64_t Log::lines_dropped() const {
  return impl_->pool ? impl_->pool->overrun_counter() : 0;
}

}  // namespace ron::ops
