// Facts to readiness, and the answers of the admin listener.
//
// Everything but the constructor runs on the admin thread: the daemon hands over changes with
// AdminServer::post, so nothing here is locked.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "host/host.hpp"
#include "node/readiness.hpp"
#include "ops/admin_server.hpp"
#include "ops/log.hpp"
#include "svc/overlay/dial_failures.hpp"
#include "svc/overlay/memory.hpp"
#include "svc/overlay/operator_json.hpp"
#include "svc/overlay/redundancy.hpp"

namespace ron::svc {

/// The configuration in force as JSON, for each Audience.
struct ConfigTexts {
  std::string for_anybody, for_operator;
};

class Health {
 public:
  Health(const config::Settings& settings, ops::Log& log);

  /// The routes refer to this object and to the server, which must be set before the first request
  /// of /metrics counts itself.
  std::vector<ops::AdminRoute> routes();
  void set_server(const ops::AdminServer* server) { server_ = server; }

  /// The host runs; from here on it is observed. Until then /readyz is red.
  /// nullptr: it died, and may be started again.
  void set_host(host::Host* host, const NodeId& node);
  host::Host* host() const { return host_; }
  DialFailures& dial_failures() { return dial_failures_; }
  void restarted() { ++restarts_; }
  /// When every event loop last answered. Any thread.
  Instant healthy_at() const { return Instant(Duration(healthy_at_.load())); }
  /// /readyz turns red for good.
  void begin_drain();
  void cut_off(std::uint64_t sessions) { cut_off_ += sessions; }
  void reloaded(const config::Settings& settings);
  void reload_failed() { ++reload_failures_; }

  /// Samples the facts and judges them.
  void tick();

  bool ready() const { return judge_.ready(); }

  /// What operators ask for (docs/control.md): JSON.
  std::string status_text() const;
  std::string sessions_text(SessionOrder order, std::size_t limit) const;
  std::string topics_text(std::size_t limit) const;
  std::string queues_text(std::size_t limit) const;
  std::string config_text() const { return config_texts_.for_operator; }
  std::string peers_text(std::size_t limit) const;
  std::string trace_text(const mesh::Trace& trace) const;
  std::string mesh_text() const;
  /// False where this node is in no mesh.
  bool in_mesh() const { return config::mesh_enabled(settings_); }
  std::chrono::milliseconds drain_deadline() const { return settings_.drain_deadline; }

  /// Facts that only the daemon has.
  void set_admin_address(std::string address) { admin_address_ = std::move(address); }
  void set_config(std::string file, ConfigTexts texts) {
    config_file_ = std::move(file);
    config_texts_ = std::move(texts);
  }

 private:
  node::ReadinessFacts facts();
  bool certificate_files_ok();
  void judge_again(bool was_ready);
  ops::Readiness readiness() const;
  std::string metrics_text();
  void fill_own(ops::MetricsPage& page) const;
  void tell_change(bool was_ready);
  host::Snapshot snapshot() const;
  host::Inspection inspect(host::Inspect what) const;
  ops::AdminAnswer guarded(std::string (Health::*text)() const) const;
  std::string sessionz() const;
  std::string topicz() const;
  /// A node that waits to be dialed is ready without a link.
  bool peers_named() const {
    return !settings_.peers.empty() || !settings_.mesh.peers_file.empty();
  }
  std::string meshz() const;
  std::string configz() const { return config_texts_.for_anybody; }

  config::Settings settings_;
  ops::Log& log_;
  const ops::AdminServer* server_ = nullptr;
  host::Host* host_ = nullptr;
  ops::VersionInfo version_;
  node::ReadinessJudge judge_;
  MemoryKeeper memory_;
  Redundancy redundancy_;
  DialFailures dial_failures_;
  std::string admin_address_, config_file_;
  ConfigTexts config_texts_;
  bool draining_ = false;
  bool once_ready_ = false;
  std::atomic<Duration::rep> healthy_at_ = 0;
  Instant files_at_;
  bool files_ok_ = false;
  std::uint64_t restarts_ = 0;
  std::uint64_t reloads_ = 0, reload_failures_ = 0, cut_off_ = 0;
};

}  // namespace ron::svc
