#include "svc/overlay/daemon.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <deque>
#include <future>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "config/address.hpp"
#include "config/diff.hpp"
#include "crypto/certificate.hpp"
#include "crypto/library.hpp"
#include "host/host.hpp"
#include "ops/admin_server.hpp"
#include "ops/log.hpp"
#include "ops/notify.hpp"
#include "ops/process_facts.hpp"
#include "policy/restarts.hpp"
#include "runtime/guarded.hpp"
#include "runtime/loop.hpp"
#include "setup/configuration.hpp"
#include "svc/overlay/control.hpp"
#include "svc/overlay/event_log.hpp"
#include "svc/overlay/exit_codes.hpp"
#include "svc/overlay/health.hpp"
#include "svc/overlay/memory.hpp"
#include "svc/overlay/mesh_settings.hpp"
#include "svc/overlay/node_settings.hpp"
#include "version.hpp"

namespace ron::svc {
namespace {

using ops::Event;
using ops::Field;

constexpr std::uint64_t kSpareFiles = 64;  // besides connections: logs, rings, admin, certificates
constexpr std::uint64_t kDaySeconds = 86'400;
constexpr std::uint64_t kExpiryWarningDays = 7;
constexpr std::chrono::seconds kTimeToEnd{5};  // after a drain: threads end, the log is written out

int drained_signal() { return SIGRTMIN; }  // from the drain's thread to the main thread
int job_signal() { return SIGRTMIN + 1; }  // from a control request

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, drained_signal(), job_signal()})
    sigaddset(&set, number);
  return set;
}

const char* name_of_signal(int number) {
  if (number == job_signal()) return "control";
  if (number == SIGINT) return "SIGINT";
  return number == SIGTERM ? "SIGTERM" : "SIGHUP";
}

void print_problems(const char* title, const config::Problems& problems) {
  std::fprintf(stderr, "%s\n", title);
  for (const auto& problem : problems)
    std::fprintf(stderr, "  - %s\n", problem_text(problem).c_str());
}

void log_problems(ops::Log& log, Event event, const config::Problems& problems) {
  for (const auto& problem : problems)
    log.write(event, {{Field::kKey, problem.key},
                      {Field::kMessage, problem.what},
                      {Field::kRemedy, problem.remedy},
                      {Field::kSource, problem.source},
                      {Field::kValue, problem.value}});
}

// Before there is a configuration there is no log format: a person gets a list, a machine events.
int refuse(const config::Problems& problems) {
  ops::Log log({});
  if (log.for_people())
    print_problems("svc-overlay: the configuration is wrong", problems);
  else
    log_problems(log, Event::kConfigError, problems);
  return kExitConfig;
}

setup::Sources sources_of(const CommandLine& command_line) {
  return {.config_path = command_line.config_path, .flags = command_line.flags};
}

// What a reload did, for whoever asked for it.
struct Reloaded {
  bool done = false;
  std::vector<std::string> live, restart;
  std::vector<config::Problem> problems;
  std::string error;
};

ControlResult result_of(const Reloaded& reloaded) {
  if (reloaded.done) {
    return nlohmann::ordered_json(
               {{"reloaded", true}, {"applied", reloaded.live}, {"restart", reloaded.restart}})
               .dump() +
           "\n";
  }
  std::string text = reloaded.error;
  for (const auto& problem : reloaded.problems) text += "\n  - " + problem_text(problem);
  return std::unexpected(ControlError{oap::Code::kBadFrame, std::move(text)});
}

ControlResult not_ready() {
  return std::unexpected(ControlError{oap::Code::kNotReady, "the node is draining"});
}

class Daemon {
 public:
  /// `identity` is null without a mesh.
  Daemon(const CommandLine& command_line, setup::Configuration configuration,
         setup::Identity identity, StartHost host)
      : command_line_(command_line),
        make_host_(std::move(host)),
        configuration_(std::move(configuration)),
        identity_(std::move(identity)),
        settings_(configuration_.loaded.settings),
        log_({.service = "svc-overlay",
              .format = settings_.log.format,
              .level = settings_.log.level,
              .fd = 2}),
        health_(settings_, log_),
        control_(health_, log_, jobs_of_main()),
        node_(identity_ != nullptr ? identity_->node : node_id(settings_)) {}

  ~Daemon() { shut(); }

  int run();

 private:
  void announce();
  bool start_admin();
  bool start_host();
  bool add_mesh(host::Settings& into);
  void tell_ready();
  void tell_people(const std::string& listen);
  void tell_certificate();
  Reloaded reload();
  bool apply(const setup::Configuration& fresh, Reloaded& told);
  bool reload_tls(const config::Settings& next, const std::vector<config::Peer>& peers,
                  Reloaded& told);
  void renew_identity(const config::Settings& next);
  void change_peers(const config::Settings& next, const std::vector<config::Peer>& peers);
  int drain(int signal_number, std::chrono::milliseconds within);
  MainThread jobs_of_main();
  void on_main_thread(std::function<void()> job);
  void run_jobs();
  void take_control(node::ControlRequest request, std::uint32_t uid);
  void bury_host();
  void revive_host();
  void feed_watchdog();
  int wait_for_signal();
  bool apply_live(const config::Settings& next, const std::vector<config::Peer>& peers,
                  Reloaded& told);
  void tell_changes(Event event, const std::vector<config::Change>& changes,
                    std::vector<std::string>& told);
  [[noreturn]] void end_at_once(int signal_number);
  void shut();
  void on_admin_thread(std::function<void()> job);
  std::string admin_address() const;
  ConfigTexts config_texts() const;

  CommandLine command_line_;
  StartHost make_host_;
  setup::Configuration configuration_;
  setup::Identity identity_;
  config::Settings settings_;  // what is in force
  ops::Log log_;
  Health health_;
  Control control_;
  NodeId node_;
  const pthread_t main_ = ::pthread_self();
  runtime::Guarded<std::deque<std::function<void()>>> jobs_;  // for the main thread
  std::optional<std::chrono::milliseconds> drain_asked_;      // by a control request
  bool draining_ = false;
  std::string bound_listen_;              // with its real port
  std::atomic<bool> admin_gone_ = false;  // its thread was given up
  bool host_died_ = false;
  std::string gave_up_;  // why, once a part cannot be kept alive
  policy::Restarts restarts_;
  crypto::SystemChoice choice_;
  Instant restart_at_ = Instant::never();
  std::optional<Duration> watchdog_ = ops::watchdog_interval();
  Instant watchdog_at_ = watchdog_ ? Instant() : Instant::never();
  MeshStart mesh_start_;  // before the host, which refers to it
  std::unique_ptr<host::Host> host_;
  std::unique_ptr<ops::AdminServer> admin_;  // before the host: its thread reads it
};

// Runs `job` where Health lives and waits for it; not at all once that thread was given up.
void Daemon::on_admin_thread(std::function<void()> job) {
  if (admin_gone_) return;
  std::promise<void> done;
  admin_->post([&] {
    job();
    done.set_value();
  });
  done.get_future().wait();
}

void Daemon::announce() {
  log_.write(Event::kStarting,
             {{Field::kVersion, kVersion},
              {Field::kGit, kGitHash},
              {Field::kOpenssl, crypto::library_version()},
              {Field::kProfile,
               settings_.profile == config::Profile::kMacronode ? "macronode" : "micronode"},
              {Field::kConfigFile, configuration_.file},
              {Field::kPid, ::getpid()}});
  log_problems(log_, Event::kConfigWarning, configuration_.loaded.warnings);
  const auto listen = config::parse_listen_address(settings_.overlay.listen);
  if (settings_.overlay.insecure_plaintext && listen && !listen->loopback)
    log_.write(Event::kInsecurePlaintext, {{Field::kListen, settings_.overlay.listen}});
  const std::uint64_t limit = ops::raise_fd_limit();
  const std::uint64_t wanted = settings_.transport.max_conns + kSpareFiles +
                               (identity_ != nullptr ? config::kDialedConns : 0);
  if (limit < wanted)
    log_.write(
        Event::kFdLimitLow,
        {{Field::kLimit, limit},
         {Field::kWanted, wanted},
         {Field::kRemedy, "raise it (ulimit -n, LimitNOFILE=) or lower transport.max_conns"}});
}

bool Daemon::start_admin() {
  ops::AdminOptions options;
  options.host.clear();
  if (const auto address = config::parse_listen_address(settings_.observability.metrics_addr)) {
    options.host = address->host;
    options.port = address->port;
  }
  options.tick = [this] { health_.tick(); };
  options.failed = [this](const std::string& why, bool goes_on) {
    log_.write(Event::kChildDied, {{Field::kChild, "admin"}, {Field::kMessage, why}});
    health_.restarted();
    if (goes_on) return;
    admin_gone_ = true;
    on_main_thread([this] { gave_up_ = "the admin listener fails again and again"; });
  };
  options.refused = [this](unsigned status, const std::string& path) {
    log_.write(Event::kAdminRefused, {{Field::kErrorCode, status}, {Field::kPath, path}});
  };
  auto server = ops::AdminServer::start(std::move(options), health_.routes());
  if (!server) {
    log_.write(Event::kBindFailed, {{Field::kMessage, server.error()}});
    return false;
  }
  admin_ = std::move(*server);
  on_admin_thread([this] { health_.set_server(admin_.get()); });
  return true;
}

bool Daemon::start_host() {
  host::Settings settings = host_settings(settings_, node_);
  set_up_allocator(settings.shards);
  settings.on_event = [this](const host::Event& event) {
    log_event(event, log_);
    health_.dial_failures().note(event);
    if (event.kind == host::EventKind::kShardDied) on_main_thread([this] { host_died_ = true; });
  };
  if (!bound_listen_.empty()) settings.listen = {bound_listen_};  // the same port again
  settings.on_control = [this](node::ControlRequest request, std::uint32_t uid) {
    take_control(std::move(request), uid);
  };
  if (identity_ != nullptr && !add_mesh(settings)) return false;
  auto host = make_host_(std::move(settings));
  if (!host) {
    log_.write(Event::kBindFailed,
               {{Field::kMessage, host.error()},
                {Field::kRemedy,
                 "`ss -ltnp` shows who holds a port; choose another address with --bind or "
                 "overlay.listen, another socket with --uds or uds.path"}});
    return false;
  }
  host_ = std::move(*host);
  if (!settings_.overlay.listen.empty()) bound_listen_ = host_->bound().front();
  on_admin_thread([this] {
    health_.set_host(host_.get(), node_);
    health_.set_admin_address(admin_address());
    health_.set_config(configuration_.file, config_texts());
    health_.tick();
  });
  return true;
}

bool Daemon::add_mesh(host::Settings& into) {
  auto start = mesh_start(identity_);
  if (!start) {
    log_.write(Event::kFatal, {{Field::kMessage, start.error()}});
    return false;
  }
  mesh_start_ = std::move(*start);
  join_mesh(into, settings_, mesh_start_, configuration_.peers);
  return true;
}

ConfigTexts Daemon::config_texts() const {
  return {.for_anybody = configuration_json(configuration_, Audience::kAnybody),
          .for_operator = configuration_json(configuration_, Audience::kOperator)};
}

std::string Daemon::admin_address() const {
  const auto address = config::parse_listen_address(settings_.observability.metrics_addr);
  if (!address) return "";
  const bool v6 = address->host.find(':') != std::string::npos;
  return (v6 ? '[' + address->host + ']' : address->host) + ':' + std::to_string(admin_->port());
}

void Daemon::tell_ready() {
  const std::string listen = settings_.overlay.listen.empty() ? "" : host_->bound().front();
  constexpr const char* kModes[] = {"off", "hybrid", "require"};
  log_.write(Event::kReady, {{Field::kListen, listen},
                             {Field::kAdvertise, settings_.overlay.advertise_addr},
                             {Field::kName, settings_.transport.name},
                             {Field::kAdmin, admin_address()},
                             {Field::kUds, settings_.uds.path},
                             {Field::kShards, host_->shards()},
                             {Field::kPqMode, kModes[static_cast<int>(settings_.overlay.pq_mode)]},
                             {Field::kTls, tls_text(settings_)},
                             {Field::kNode, hex(node_)},
                             {Field::kVersion, kVersion},
                             {Field::kPid, ::getpid()}});
  ops::notify_service_manager(ops::ready_message(
      "serving " + (listen.empty() ? settings_.uds.path : listen) + ", admin " + admin_address()));
  tell_people(listen);
}

void Daemon::tell_people(const std::string& listen) {
  if (listen.empty() || server_tls(settings_)) return;  // credentials: ronctl's own help says how
  const std::string url = "RON_NODE_URL=ron://" + listen;
  log_.tell_person("\n  In a second terminal:   " + url + " ronctl sub 'demo/**'" +
                   "\n  and in a third:         " + url +
                   " ronctl pub demo/hello 'hello, world'\n");
}

void Daemon::tell_certificate() {
  if (host_ == nullptr) return;
  const host::Snapshot snapshot = host_->snapshot();
  if (snapshot.certificate_not_after == 0) return;
  const std::uint64_t now = crypto::wall_clock().seconds;
  const std::uint64_t left = snapshot.certificate_not_after > now
                                 ? (snapshot.certificate_not_after - now) / kDaySeconds
                                 : 0;
  const auto age = std::chrono::seconds(now - std::min(now, snapshot.certificate_not_before));
  log_.write(Event::kCertificateLoaded,
             {{Field::kPath, settings_.tls.cert_path}, {Field::kDaysLeft, left}});
  if (left < kExpiryWarningDays || age > settings_.tls.max_age)
    log_.write(Event::kCertificateExpiring,
               {{Field::kPath, settings_.tls.cert_path},
                {Field::kDaysLeft, left},
                {Field::kRemedy, "replace the certificate and key, then send SIGHUP"}});
}

// Live keys of `fresh` take effect, all or none; what needs a restart is told and left alone.
bool Daemon::apply(const setup::Configuration& fresh, Reloaded& told) {
  const config::ReloadPlan plan = config::plan_reload(settings_, fresh.loaded.settings);
  if (!plan.errors.empty()) {
    told.problems = plan.errors;
    told.error = "the live keys need keys that wait for a restart";
    log_problems(log_, Event::kConfigError, plan.errors);
    log_.write(Event::kReloadFailed, {{Field::kMessage, told.error}});
    return false;
  }
  if (!apply_live(plan.next, fresh.peers, told)) return false;
  tell_changes(Event::kConfigChanged, plan.live, told.live);
  tell_changes(Event::kRestartNeeded, plan.restart, told.restart);
  return true;
}

void Daemon::tell_changes(Event event, const std::vector<config::Change>& changes,
                          std::vector<std::string>& told) {
  for (const config::Change& change : changes) {
    told.emplace_back(change.row->name);
    log_.write(event, {{Field::kKey, change.row->name},
                       {Field::kValue, change.after},
                       {Field::kBefore, change.before}});
  }
}

// The running node takes over the live keys of `next`, which passed every rule. What can fail (the
// certificates) comes first; after it nothing does.
bool Daemon::apply_live(const config::Settings& next, const std::vector<config::Peer>& peers,
                        Reloaded& told) {
  if (host_ != nullptr && !reload_tls(next, peers, told)) return false;
  if (host_ != nullptr && identity_ != nullptr) change_peers(next, peers);
  settings_ = next;
  if (host_ != nullptr) host_->reconfigure(live_settings(settings_));
  log_.set_level(settings_.log.level);
  log_.set_format(settings_.log.format);
  return true;
}

bool Daemon::reload_tls(const config::Settings& next, const std::vector<config::Peer>& peers,
                        Reloaded& told) {
  const auto failed = [&](const std::string& why) {
    log_.write(Event::kReloadFailed, {{Field::kMessage, why}});
    told.error = why;
    return false;
  };
  if (config::mesh_enabled(next) != (identity_ != nullptr)) {
    return failed("only a restart makes a node join a mesh or leave it");
  }
  std::optional<crypto::PeerTls> between;
  if (identity_ != nullptr) {
    renew_identity(next);
    between = setup::peer_tls(next, identity_, peers);
  }
  if (auto tls = server_tls(next)) {
    tls->peers = between;
    if (const auto done = host_->reload_tls(*tls); !done) return failed(done.error());
  }
  if (!between) return true;
  const auto done = host_->reload_peers(*between);
  return done ? true : failed(done.error());
}

// A certificate that was renewed for the same key is shown from now on; another key would make this
// another node, which waits for a restart.
void Daemon::renew_identity(const config::Settings& next) {
  auto fresh = setup::identity_of(next, setup::MissingKey::kJudge);
  if (setup::key_place(next).file.empty() || !fresh) return;
  if ((*fresh)->node == identity_->node) {
    identity_ = std::move(*fresh);
  } else {
    log_.write(Event::kRestartNeeded, {{Field::kKey, "identity.key_file"}});
  }
}

// Peers without a link are dialed, also those that were hung up on; nodes that are no longer let in
// are hung up on, unless a CA may vouch for them.
void Daemon::change_peers(const config::Settings& next, const std::vector<config::Peer>& peers) {
  for (const config::Peer& peer : peers) host_->dial_peer(peer.addr, peer.node);
  if (!next.mesh.ca_path.empty()) return;
  const auto before = setup::peer_tls(settings_, identity_, configuration_.peers).admitted;
  const auto now = setup::peer_tls(next, identity_, peers).admitted;
  for (const NodeId& node : before) {
    if (std::ranges::find(now, node) == now.end()) host_->hang_up(node);
  }
}

Reloaded Daemon::reload() {
  Reloaded told;
  log_.write(Event::kReloading, {{Field::kConfigFile, configuration_.file}});
  ops::notify_service_manager(ops::reloading_message());
  auto fresh = setup::read_configuration(sources_of(command_line_));
  if (!fresh) {
    told.problems = fresh.error();
    told.error = "the configuration is wrong; the old one stays";
    log_problems(log_, Event::kConfigError, fresh.error());
    log_.write(Event::kReloadFailed, {{Field::kMessage, told.error}});
  } else {
    log_problems(log_, Event::kConfigWarning, fresh->loaded.warnings);
    told.done = apply(*fresh, told);
  }
  if (told.done) {
    configuration_ = std::move(*fresh);
    configuration_.loaded.settings = settings_;
    tell_certificate();
  }
  admin_->post([this, done = told.done, settings = settings_, file = configuration_.file,
                texts = config_texts()] {
    if (done) health_.set_config(file, texts);
    done ? health_.reloaded(settings) : health_.reload_failed();
  });
  // Who reads this and asks is shown what is in force now.
  if (told.done) log_.write(Event::kReloaded);
  ops::notify_service_manager("READY=1");
  return told;
}

// ---- control requests --------------------------------------------------------------------------

// On a shard's thread.
void Daemon::take_control(node::ControlRequest request, std::uint32_t uid) {
  admin_->post([this, request = std::move(request), uid] {
    control_.handle(request, uid,
                    [this, id = request.session, corr = request.corr,
                     tenant = request.tenant](ControlResult result) {
                      host::ControlAnswer answer{
                          .session = id, .corr = corr, .tenant = tenant, .body = {}};
                      answer.ok = result.has_value();
                      answer.body = result ? std::move(*result) : std::move(result.error().text);
                      if (!result) answer.code = result.error().code;
                      // Requests are answered where the host is known to live.
                      admin_->post([this, answer = std::move(answer)]() mutable {
                        if (health_.host() != nullptr) health_.host()->answer(std::move(answer));
                      });
                    });
  });
}

MainThread Daemon::jobs_of_main() {
  return {.reload =
              [this](std::function<void(ControlResult)> done) {
                on_main_thread([this, done = std::move(done)] {
                  done(draining_ ? not_ready() : result_of(reload()));
                });
              },
          .drain =
              [this](std::chrono::milliseconds within) {
                on_main_thread([this, within] { drain_asked_ = within; });
              }};
}

void Daemon::on_main_thread(std::function<void()> job) {
  jobs_.with([&](auto& jobs) { jobs.push_back(std::move(job)); });
  ::pthread_kill(main_, job_signal());
}

// ---- supervision -------------------------------------------------------------------------------

// A shard's fault takes the host with it: its shards know of each other. Sessions end, clients come
// back by themselves.
void Daemon::bury_host() {
  host_died_ = false;
  on_admin_thread([this] {
    health_.set_host(nullptr, node_);
    health_.restarted();
    health_.tick();
  });
  host_.reset();
  const auto wait = restarts_.died(runtime::monotonic_now(), choice_);
  if (!wait) {
    gave_up_ = "shards die again and again";
    return;
  }
  restart_at_ = runtime::monotonic_now() + *wait;
}

void Daemon::revive_host() {
  restart_at_ = Instant::never();
  if (start_host()) {
    log_.write(Event::kChildRestarted, {{Field::kChild, "shards"}});
  } else {
    bury_host();
  }
}

// All is well while the event loops answer; the service manager is told twice in its time.
void Daemon::feed_watchdog() {
  if (!watchdog_) return;
  watchdog_at_ = runtime::monotonic_now() + *watchdog_ / 2;
  if (runtime::monotonic_now() - health_.healthy_at() < *watchdog_) {
    ops::notify_service_manager("WATCHDOG=1");
  } else {
    log_.write(Event::kStuck, {{Field::kChild, "shards"}});
  }
}

// The next signal; 0 when something is due instead.
int Daemon::wait_for_signal() {
  const sigset_t signals = watched_signals();
  const Instant due = std::min(restart_at_, watchdog_at_);
  if (due.is_never()) {
    int number = 0;
    return ::sigwait(&signals, &number) == 0 ? number : 0;
  }
  const auto left = std::max<Duration>(due - runtime::monotonic_now(), Duration::zero());
  timespec time{};
  time.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
  time.tv_nsec = (left % std::chrono::seconds(1)).count();
  return std::max(::sigtimedwait(&signals, nullptr, &time), 0);
}

void Daemon::run_jobs() {
  auto jobs = jobs_.with([](auto& waiting) { return std::exchange(waiting, {}); });
  for (const auto& job : jobs) job();
}

// A second signal: nothing is waited for. The log is written out, that is all.
void Daemon::end_at_once(int signal_number) {
  log_.write(Event::kKilled, {{Field::kSignal, name_of_signal(signal_number)}});
  log_.drain();
  ::_exit(kExitSignalBase + signal_number);
}

// B5: readyz red, stop accepting, bye, drain to the deadline, close, report what was cut off.
int Daemon::drain(int signal_number, std::chrono::milliseconds within) {
  ops::notify_service_manager(ops::stopping_message(within + kTimeToEnd));
  draining_ = true;
  if (host_ == nullptr) return kExitOk;  // it was being started again
  log_.write(Event::kDraining, {{Field::kSignal, name_of_signal(signal_number)},
                                {Field::kDeadlineMs, within.count()}});
  on_admin_thread([this] { health_.begin_drain(); });
  host::DrainReport report;
  std::thread worker([this, &report, within] {
    report = host_->drain(within);
    ::pthread_kill(main_, drained_signal());
  });
  for (int number = 0; number != drained_signal();) {
    number = wait_for_signal();
    if (number == SIGTERM || number == SIGINT) end_at_once(number);
    if (number == job_signal()) run_jobs();
    if (watchdog_at_ <= runtime::monotonic_now()) feed_watchdog();
  }
  worker.join();
  if (report.cut_off > 0 || !report.finished) {
    log_.write(Event::kCutOff, {{Field::kSessions, report.cut_off}});
    on_admin_thread([this, &report] { health_.cut_off(report.cut_off); });
  }
  return kExitOk;
}

void Daemon::shut() {
  if (host_ != nullptr) host_->stop();  // its threads hand control requests to the admin thread
  admin_.reset();                       // whose thread reads the host
  host_.reset();
}

int Daemon::run() {
  announce();
  if (!start_admin() || !start_host()) return kExitBind;
  tell_certificate();
  tell_ready();
  while (true) {
    const int number = wait_for_signal();
    if (number == SIGHUP) static_cast<void>(reload());
    if (number == job_signal()) run_jobs();
    if (host_died_ && gave_up_.empty()) bury_host();
    if (!gave_up_.empty()) {
      log_.write(Event::kFatal, {{Field::kMessage, gave_up_}});
      return kExitFailure;
    }
    if (restart_at_ <= runtime::monotonic_now()) revive_host();
    if (watchdog_at_ <= runtime::monotonic_now()) feed_watchdog();
    if (number != SIGTERM && number != SIGINT && !drain_asked_) continue;
    const int code = drain(number, drain_asked_.value_or(settings_.drain_deadline));
    shut();
    log_.write(Event::kStopped);
    return code;
  }
}

}  // namespace

int check(const CommandLine& command_line) {
  const auto configuration = setup::read_configuration(sources_of(command_line));
  if (!configuration) {
    print_problems("the configuration is wrong", configuration.error());
    return kExitConfig;
  }
  std::fputs(configuration_text(*configuration, setup::Show::kAll).c_str(), stdout);
  if (!configuration->loaded.warnings.empty())
    print_problems("warnings", configuration->loaded.warnings);
  std::fprintf(stderr, "the configuration is valid (file: %s)\nmemory: %s\n",
               configuration->file.empty() ? "none" : configuration->file.c_str(),
               memory_text(memory_plan(configuration->loaded.settings)).c_str());
  return kExitOk;
}

int run(const CommandLine& command_line, const StartHost& start_host) {
  const sigset_t signals = watched_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread: all inherit it
  ::signal(SIGPIPE, SIG_IGN);
  ops::forbid_core_dumps();
  auto configuration = setup::read_configuration(sources_of(command_line));
  if (!configuration) return refuse(configuration.error());
  setup::Identity identity;
  if (config::mesh_enabled(configuration->loaded.settings)) {
    auto read = setup::identity_of(configuration->loaded.settings, setup::MissingKey::kMake);
    if (!read) return refuse({read.error()});
    identity = std::move(*read);
  }
  return Daemon(command_line, std::move(*configuration), std::move(identity), start_host).run();
}

}  // namespace ron::svc
