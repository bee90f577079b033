// The process's log: events in, lines on standard error (or a file descriptor in tests).
//
// Writing never blocks an event loop: lines go through a bounded queue to one writer thread; when
// it is full the oldest lines are lost and counted. Any thread may write. Not a header that knows
// its implementation (spdlog).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>

#include "ops/log_line.hpp"

namespace ron::ops {

struct LogOptions {
  std::string service = "svc-overlay";
  config::LogFormat format = config::LogFormat::kAuto;
  LogLevel level = LogLevel::kInfo;
  int fd = 2;  // not owned
};

class Log {
 public:
  explicit Log(const LogOptions& options);
  /// Writes out everything that is queued.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// At the event's own level.
  void write(Event event, std::initializer_list<LogField> fields = {});
  void write(Event event, std::span<const LogField> fields);

  /// Cheap test for callers that would have to gather fields first.
  bool enabled(Event event) const;

  void set_level(LogLevel level);
  /// Any thread; lines that are being written keep the old form.
  void set_format(config::LogFormat format);
  LogLevel level() const;

  /// True when lines are for people on a terminal.
  bool for_people() const;

  /// Text of this program's own for a person at the terminal, as it stands, in order with the
  /// events; nothing where lines are for machines.
  void tell_person(std::string_view text);

  /// Writes out what is queued and ends the writer; later lines are lost. Before a sudden exit.
  void drain();

  /// Lines lost because the writer could not keep up.
  std::uint64_t lines_dropped() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ron::ops
