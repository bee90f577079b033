// The admin HTTP listener: read-only, on its own thread and event loop, so that a saturated data
// plane cannot hold it up and a hostile client of it cannot hold up the data plane.
//
// GET and HEAD of an exact path; everything else is a JSON error. A request has `header_timeout`
// for its whole header and no body; each connection serves one request and closes. When all
// connections are taken the oldest is closed, so that slow clients cannot lock out a health check.
// Not a header that knows its implementation (Boost.Beast).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ops/admin_answers.hpp"
#include "ops/metrics.hpp"

namespace ron::ops {

struct AdminRoute {
  std::string path;
  std::function<AdminAnswer()> answer;  // on the admin thread; must be quick
};

struct AdminOptions {
  std::string host = "127.0.0.1";  // empty: no listener, only ticks
  std::uint16_t port = 9600;       // 0: the system picks one
  std::chrono::milliseconds header_timeout{2000};
  std::chrono::milliseconds write_timeout{2000};
  std::size_t header_bytes_max = 8192;
  std::size_t connections_max = 64;
  std::chrono::milliseconds tick_interval{200};
  std::function<void()> tick;  // on the admin thread, every tick_interval; may be empty
  /// A request that was refused: status, path. May be empty.
  std::function<void(unsigned, const std::string&)> refused;
  /// A fault ended the thread's work: why, and whether it will go on (after a short wait) or is
  /// given up. On the admin thread; may be empty.
  std::function<void(const std::string&, bool goes_on)> failed;
};

class AdminServer {
 public:
  /// Binds and starts the thread. The error says which address failed, why and what to do.
  static std::expected<std::unique_ptr<AdminServer>, std::string> start(
      AdminOptions options, std::vector<AdminRoute> routes);
  /// Closes every connection and joins the thread.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  std::uint16_t port() const;

  /// Runs `job` on the admin thread, after which the answers may differ. Any thread.
  void post(std::function<void()> job);

  /// Puts the listener's own counters on a page. Admin thread only (in a route).
  void fill(MetricsPage& page) const;

 private:
  struct Impl;
  explicit AdminServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// "cannot listen on HOST:PORT: address already in use; ...remedy..." for any listener.
std::string bind_failure_text(const std::string& address, int error_number, const std::string& flag,
                              const std::string& key);

}  // namespace ron::ops
