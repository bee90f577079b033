// Facts to readiness, and the answers of the admin listener.
//
// Everything but the constructor runs on the admin thread: the daemon hands over changes with
// AdminServer::post, so nothing here is locked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "host/host.hpp"
#include "node/readiness.hpp"
#include "ops/admin_server.hpp"
#include "ops/log.hpp"
#include "svc/overlay/memory.hpp"

namespace ron::svc {

class Health {
 public:
  Health(const config::Settings& settings, ops::Log& log);

  /// The routes refer to this object and to the server, which must be set before the first request
  /// of /metrics counts itself.
  std::vector<ops::AdminRoute> routes();
  void set_server(const ops::AdminServer* server) { server_ = server; }

  /// The host runs; from here on it is observed. Until then /readyz is red.
  void set_host(host::Host& host, const NodeId& node);
  /// /readyz turns red for good.
  void begin_drain();
  void cut_off(std::uint64_t sessions) { cut_off_ += sessions; }
  void reloaded(const config::Settings& settings);
  void reload_failed() { ++reload_failures_; }

  /// Samples the facts and judges them.
  void tick();

  bool ready() const { return judge_.ready(); }

 private:
  node::ReadinessFacts facts();
  void judge_again(bool was_ready);
  ops::Readiness readiness() const;
  std::string metrics_text();
  void fill_own(ops::MetricsPage& page) const;
  void tell_change(bool was_ready);

  config::Settings settings_;
  ops::Log& log_;
  const ops::AdminServer* server_ = nullptr;
  host::Host* host_ = nullptr;
  ops::VersionInfo version_;
  node::ReadinessJudge judge_;
  MemoryKeeper memory_;
  bool draining_ = false;
  bool once_ready_ = false;
  std::uint64_t reloads_ = 0, reload_failures_ = 0, cut_off_ = 0;
};

}  // namespace ron::svc
