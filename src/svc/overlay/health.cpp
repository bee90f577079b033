#include "svc/overlay/health.hpp"

#include <algorithm>

#include "crypto/certificate.hpp"
#include "crypto/files.hpp"
#include "crypto/library.hpp"
#include "ops/process_facts.hpp"
#include "runtime/loop.hpp"
#include "svc/overlay/command_line.hpp"
#include "svc/overlay/metrics_map.hpp"
#include "svc/overlay/node_settings.hpp"
#include "version.hpp"

namespace ron::svc {
namespace {

node::ReadinessLimits limits_of(const config::Settings& settings) {
  node::ReadinessLimits out;
  out.window = settings.readiness.queue_window;
  return out;
}

constexpr std::size_t kPageRows = 100;                            // of /sessionz and /topicz
constexpr Duration kFilesEvery = std::chrono::milliseconds(700);  // the certificate's are looked at
// What the event loops counted may be that old when readiness is judged: one that is at work
// publishes more often, and is not woken for it.
constexpr Duration kFresh = std::chrono::milliseconds(200);

// The gates of overlay_readiness_gate, as in the inventory.
constexpr std::string_view kGates[] = {
    "listeners_bound", "metrics_bound", "cfg_loaded", "certificate_ok", "pq_ready",
    "queues_ok",       "shed_rate_ok",  "mesh_ok",    "fd_headroom",    "draining"};

}  // namespace

Health::Health(const config::Settings& settings, ops::Log& log)
    : settings_(settings), log_(log), judge_(limits_of(settings)) {
  version_ = {.version = kVersion,
              .git = kGitHash,
              .build = kBuildDate,
              .openssl = crypto::library_version(),
              .node = {},
              .listen = {},
              .features = features(),
              .advertise = settings.overlay.advertise_addr,
              .name = settings.transport.name};
}

std::vector<ops::AdminRoute> Health::routes() {
  return {{"/healthz", [] { return ops::healthz_answer(); }},
          {"/readyz", [this] { return ops::readyz_answer(readiness()); }},
          {"/metrics", [this] { return ops::metrics_answer(metrics_text()); }},
          {"/version", [this] { return ops::version_answer(version_); }},
          {"/configz", [this] { return guarded(&Health::configz); }},
          {"/sessionz", [this] { return guarded(&Health::sessionz); }},
          {"/topicz", [this] { return guarded(&Health::topicz); }},
          {"/meshz", [this] { return guarded(&Health::meshz); }}};
}

// Names and addresses of peers, topics and paths are nobody's business beyond this machine.
ops::AdminAnswer Health::guarded(std::string (Health::*text)() const) const {
  if (settings_.observability.allow_public)
    return ops::error_answer(
        403, "not where observability.allow_public is set: ask over the Unix socket (ronctl)");
  return {.status = 200, .body = (this->*text)()};
}

void Health::set_host(host::Host* host, const NodeId& node) {
  host_ = host;
  version_.node = hex(node);
  const bool listens = host != nullptr && !settings_.overlay.listen.empty();
  if (listens) version_.listen = host->bound().front();
  if (host != nullptr) host->set_ready(judge_.ready());  // a host that was made anew knows nothing
}

void Health::begin_drain() {
  draining_ = true;
  tick();
}

void Health::reloaded(const config::Settings& settings) {
  ++reloads_;
  const bool other_window = settings.readiness.queue_window != settings_.readiness.queue_window;
  settings_ = settings;
  files_at_ = Instant();  // others, perhaps
  if (!other_window) return;
  const bool was_ready = judge_.ready();
  judge_ = node::ReadinessJudge(limits_of(settings_));  // its windows begin anew
  judge_again(was_ready);
}

node::ReadinessFacts Health::facts() {
  node::ReadinessFacts out;
  out.cfg_loaded = true;     // the process does not get here without
  out.metrics_bound = true;  // this runs on its thread
  out.listeners_bound = host_ != nullptr;
  out.draining = draining_;
  out.pq_ready = settings_.overlay.pq_mode == config::PqMode::kOff || crypto::hybrid_available();
  out.fd_percent = ops::open_fd_percent();
  if (host_ == nullptr) return out;
  const host::Snapshot snapshot = host_->snapshot(kFresh);
  if (snapshot.complete) healthy_at_ = runtime::monotonic_now().since_origin().count();
  const NodeTotals totals = totals_of(snapshot, memory_plan(settings_).queue_bytes);
  out.listeners_bound = totals.deaf_listeners == 0;
  out.queue_percent = totals.queue_percent;
  out.published = totals.published;
  out.shed = totals.shed_by_node;
  memory_.observe(totals.held_bytes, host_->take_held_most());
  if (const host::MeshStats* mesh = snapshot.mesh()) {
    out.mesh_ok = node::mesh_ok(peers_named(), mesh->membership);
    redundancy_.observe(mesh->relay.received, mesh->relay.delivered, runtime::monotonic_now());
  }
  if (server_tls(settings_))
    out.certificate_ok =
        crypto::wall_clock().seconds < snapshot.certificate_not_after && certificate_files_ok();
  return out;
}

// The kernel walks their paths each time: once a second will do on a node that is idle.
bool Health::certificate_files_ok() {
  const Instant now = runtime::monotonic_now();
  if (now < files_at_ + kFilesEvery) return files_ok_;
  files_at_ = now;
  files_ok_ = crypto::check_public_file(settings_.tls.cert_path) &&
              crypto::check_secret_file(settings_.tls.key_path);
  return files_ok_;
}

void Health::tick() { judge_again(judge_.ready()); }

void Health::judge_again(bool was_ready) {
  judge_.observe(facts(), runtime::monotonic_now());
  if (judge_.ready() == was_ready) return;
  // A draining host decides by itself whom it still lets in.
  if (host_ != nullptr && !draining_) host_->set_ready(judge_.ready());
  tell_change(was_ready);
}

void Health::tell_change(bool was_ready) {
  if (draining_) return;
  if (!was_ready) {
    if (once_ready_) log_.write(ops::Event::kReadyAgain);
    once_ready_ = true;
    return;
  }
  std::string missing;
  for (const auto gate : judge_.missing())
    missing += (missing.empty() ? "" : ",") + std::string(gate);
  log_.write(ops::Event::kNotReady,
             {{ops::Field::kMissing, missing}, {ops::Field::kDegraded, judge_.degraded()}});
}

ops::Readiness Health::readiness() const {
  ops::Readiness out{.ready = judge_.ready(), .degraded = judge_.degraded(), .missing = {}};
  for (const auto gate : judge_.missing()) out.missing.emplace_back(gate);
  if (!out.ready && out.missing.empty()) out.missing.emplace_back("starting");
  return out;
}

void Health::fill_own(ops::MetricsPage& page) const {
  using ops::Metric;
  page.set(Metric::kBuildInfo, {version_.version, version_.git}, 1);
  page.set(Metric::kReadyState, ops::readyz_state(readiness()));
  const auto& missing = judge_.missing();
  for (const auto gate : kGates) {
    const bool met =
        host_ != nullptr && std::find(missing.begin(), missing.end(), gate) == missing.end();
    page.set(Metric::kReadinessGate, {gate}, met ? 1 : 0);
  }
  page.set(Metric::kAmnesia, settings_.overlay.amnesia ? 1 : 0);
  page.set(Metric::kInsecurePlaintext, settings_.overlay.insecure_plaintext ? 1 : 0);
  page.set(Metric::kServiceRestarts, static_cast<double>(restarts_));
  page.set(Metric::kConfigUpdates, static_cast<double>(reloads_));
  page.set(Metric::kConfigUpdateFailures, static_cast<double>(reload_failures_));
  page.set(Metric::kLogLinesDropped, static_cast<double>(log_.lines_dropped()));
  page.set(Metric::kTasksAborted, {"session"}, static_cast<double>(cut_off_));
  page.set(Metric::kMeshRmr, redundancy_.value());
}

std::string Health::metrics_text() {
  using ops::Metric;
  ops::MetricsPage page;
  fill_own(page);
  const host::Snapshot now = snapshot();
  fill_metrics(now, settings_, page);
  const config::MemoryPlan memory = memory_plan(settings_);
  page.set(Metric::kMemoryAccounted,
           static_cast<double>(totals_of(now, memory.queue_bytes).held_bytes));
  page.set(Metric::kMemoryWorstCase, static_cast<double>(memory.worst_case()));
  page.set(Metric::kMemoryBudget, static_cast<double>(settings_.limits.memory_budget));
  const ops::ProcessFacts process = ops::process_facts();
  page.set(Metric::kProcessOpenFds, static_cast<double>(process.open_fds));
  page.set(Metric::kProcessMaxFds, static_cast<double>(process.max_fds));
  page.set(Metric::kProcessMemory, static_cast<double>(process.resident_bytes));
  page.set(Metric::kProcessCpu, process.cpu_seconds);
  page.set(Metric::kProcessStart, process.start_unix_seconds);
  if (server_ != nullptr) server_->fill(page);
  return page.text();
}

// ---- operators ---------------------------------------------------------------------------------

host::Snapshot Health::snapshot() const {
  return host_ != nullptr ? host_->snapshot() : host::Snapshot{};
}

host::Inspection Health::inspect(host::Inspect what) const {
  return host_ != nullptr ? host_->inspect(what) : host::Inspection{};
}

std::string Health::sessionz() const { return sessions_text(SessionOrder::kQueued, kPageRows); }
std::string Health::topicz() const { return topics_text(kPageRows); }

std::string Health::meshz() const { return mesh_text(); }

std::string Health::peers_text(std::size_t limit) const {
  return peers_json(inspect(host::Inspect::kPeers), dial_failures_, limit);
}

std::string Health::trace_text(const mesh::Trace& trace) const {
  return trace_json(trace, version_.node);
}

std::string Health::mesh_text() const {
  const bool leaf = settings_.mesh.role == config::MeshRole::kLeaf;
  return mesh_json({.enabled = in_mesh(),
                    .node = version_.node,
                    .name = version_.name,
                    .role = leaf ? "leaf" : "relay",
                    .snapshot = snapshot(),
                    .inspection = inspect(host::Inspect::kPeers),
                    .redundancy = redundancy_.value()});
}

std::string Health::sessions_text(SessionOrder order, std::size_t limit) const {
  return sessions_json(inspect(host::Inspect::kSessions), order, limit);
}

std::string Health::topics_text(std::size_t limit) const {
  return topics_json(inspect(host::Inspect::kTopics), limit);
}

std::string Health::queues_text(std::size_t limit) const {
  return queues_json(snapshot(), settings_, inspect(host::Inspect::kSessions), limit);
}

std::string Health::status_text() const {
  constexpr const char* kModes[] = {"off", "hybrid", "require"};
  Status status;
  status.version = version_;
  status.readiness = readiness();
  status.process = ops::process_facts();
  status.snapshot = snapshot();
  status.admin = admin_address_;
  status.uds = settings_.uds.path;
  status.tls = tls_text(settings_);
  status.pq_mode = kModes[static_cast<int>(settings_.overlay.pq_mode)];
  status.profile = profile_text(settings_);
  status.log_level = ops::name_of(log_.level());
  status.config_file = config_file_;
  status.now_unix = crypto::wall_clock().seconds;
  status.reloads = reloads_;
  status.reload_failures = reload_failures_;
  status.memory = memory_plan(settings_);
  status.memory_budget = settings_.limits.memory_budget;
  status.draining = draining_;
  return status_json(status);
}

}  // namespace ron::svc
