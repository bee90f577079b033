#include "host/host.hpp"

#include <algorithm>

#include "host/doors.hpp"
#include "host/shared.hpp"
#include "runtime/cpus.hpp"

namespace ron::host {

std::string_view name(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNone: return "none";
    case Refusal::kRate: return "handshake_ratelimit";
    case Refusal::kFull: return "max_conns";
    case Refusal::kUid: return "uid";
    case Refusal::kNoFiles: break;
  }
  return "no_files";
}

class Host::Impl {
 public:
  explicit Impl(const Settings& settings) : shared(settings) {}

  using Listeners = std::vector<std::vector<transport::Listener>>;  // of each shard

  std::expected<void, std::string> prepare_tls();
  std::expected<void, std::string> listen_on(const std::string& text, Listeners& into);
  std::expected<void, std::string> listen_unix(Listeners& into);
  std::expected<void, std::string> check_public(const transport::Address& at) const;
  std::expected<Listeners, std::string> listen();
  void advertise();
  void make_shards(Listeners listeners);
  /// False when a shard did not answer in time.
  bool refresh(Duration age);

  Shared shared;
  std::vector<std::string> bound;
  runtime::Guarded<Snapshot> totals;  // what is not a shard's
  runtime::Guarded<bool> stopped;
};

std::expected<void, std::string> Host::Impl::prepare_tls() {
  if (shared.settings.node.mesh && !shared.settings.peers) {
    return std::unexpected("a node with peers needs TLS towards them");
  }
  if (shared.settings.peers) {
    auto dialing = crypto::TlsContext::peer_client(*shared.settings.peers);
    if (!dialing) return std::unexpected(dialing.error());
    shared.peer_tls.store(std::move(*dialing));
  }
  if (!shared.settings.tls) return {};
  auto context = crypto::TlsContext::server(*shared.settings.tls);
  if (!context) return std::unexpected(context.error());
  shared.tls.store(std::move(*context));
  return {};
}

// C49: an address that strangers can reach needs TLS and client certificates.
std::expected<void, std::string> Host::Impl::check_public(const transport::Address& at) const {
  const Settings& settings = shared.settings;
  if (at.is_loopback() || settings.insecure_public) return {};
  if (settings.tls && settings.tls->require_client_cert) return {};
  return std::unexpected(
      at.text() +
      " can be reached from other machines, so it needs TLS and required client "
      "certificates: set tls.cert_path, tls.key_path and the client CA (ronctl tls init makes "
      "them for development), or listen on 127.0.0.1");
}

// Where peers are told to dial this node, when the operator does not say: where it listens.
void Host::Impl::advertise() {
  std::optional<mesh::MeshConfig>& mesh = shared.settings.node.mesh;
  if (!mesh || !mesh->advertise.empty() || shared.settings.listen.empty()) return;
  const auto at = transport::Address::parse(bound.front());
  if (at && !at->is_any()) mesh->advertise = bound.front();
}

void Host::Impl::make_shards(Listeners listeners) {
  const auto count = static_cast<unsigned>(listeners.size());
  for (unsigned i = 0; i < count * count; ++i) {
    // A shard sends itself nothing; its own ring is there for the arithmetic.
    shared.rings.push_back(std::make_unique<MailRing>(i / count == i % count ? 1 : kRing));
  }
  shared.shards.resize(count);
  for (unsigned i = 0; i < count; ++i) {
    shared.shards[i] = std::make_unique<ShardHost>(shared, static_cast<ShardIndex>(i));
    for (transport::Listener& listener : listeners[i]) {
      shared.shards[i]->add_listener(std::move(listener));
    }
  }
}

std::expected<Host::Impl::Listeners, std::string> Host::Impl::listen() {
  Listeners listeners(runtime::shards_for(shared.settings.shards));
  for (const std::string& text : shared.settings.listen) {
    if (auto ok = listen_on(text, listeners); !ok) return std::unexpected(ok.error());
  }
  if (auto ok = listen_unix(listeners); !ok) return std::unexpected(ok.error());
  return listeners;
}

std::expected<void, std::string> Host::Impl::listen_on(const std::string& text, Listeners& into) {
  auto at = transport::Address::parse(text);
  if (!at) return std::unexpected(at.error());
  if (auto ok = check_public(*at); !ok) return ok;
  const bool several = into.size() > 1;
  for (std::size_t i = 0; i < into.size(); ++i) {
    auto listener = transport::Listener::tcp(
        *at, {.backlog = shared.settings.backlog, .reuse_port = several, .first = i == 0});
    if (!listener) return std::unexpected(listener.error());
    at->set_port(listener->bound().port());
    into[i].push_back(std::move(*listener));
  }
  bound.push_back(at->text());
  return {};
}

std::expected<void, std::string> Host::Impl::listen_unix(Listeners& into) {
  const Settings& settings = shared.settings;
  if (settings.uds_path.empty()) return {};
  auto listener = transport::Listener::unix_socket(settings.uds_path, settings.allow_uids);
  if (!listener) return std::unexpected(listener.error());
  into[0].push_back(std::move(*listener));
  bound.push_back(settings.uds_path);
  return {};
}

std::expected<std::unique_ptr<Host>, std::string> Host::start(const Settings& settings) {
  if (settings.listen.empty() && settings.uds_path.empty()) {
    return std::unexpected("nothing to listen on: set overlay.listen or uds.path");
  }
  auto impl = std::make_unique<Impl>(settings);
  if (auto ok = impl->prepare_tls(); !ok) return std::unexpected(ok.error());
  auto listeners = impl->listen();
  if (!listeners) return std::unexpected(listeners.error());
  impl->advertise();
  impl->make_shards(std::move(*listeners));
  for (const auto& shard : impl->shared.shards) shard->start();
  return std::unique_ptr<Host>(new Host(std::move(impl)));
}

Host::Host(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Host::~Host() { stop(); }

const std::vector<std::string>& Host::bound() const { return impl_->bound; }

unsigned Host::shards() const { return static_cast<unsigned>(impl_->shared.shards.size()); }

void Host::set_ready(bool ready) {
  for (const auto& shard : impl_->shared.shards) shard->set_ready(ready);
}

std::expected<void, std::string> Host::reload_tls(const crypto::ServerTls& settings) {
  if (impl_->shared.tls.load() == nullptr) {
    return std::unexpected("the node was started without TLS: a restart is needed to turn it on");
  }
  const auto keep_old = [&](std::string why) -> std::expected<void, std::string> {
    impl_->totals.with([](Snapshot& totals) { ++totals.tls_reload_failures; });
    impl_->shared.tell({.kind = EventKind::kTlsReloadFailed, .text = why});
    return std::unexpected(std::move(why));
  };
  const bool asks_less =
      impl_->shared.settings.tls->require_client_cert && !settings.require_client_cert;
  if (asks_less) return keep_old("a reload cannot stop asking for client certificates: restart");
  auto context = crypto::TlsContext::server(settings);
  if (!context) return keep_old(context.error());
  impl_->shared.tls.store(std::move(*context));
  impl_->totals.with([](Snapshot& totals) { ++totals.tls_reloads; });
  impl_->shared.tell({.kind = EventKind::kTlsReloaded, .text = settings.cert_path});
  return {};
}

std::expected<void, std::string> Host::reload_peers(const crypto::PeerTls& settings) {
  if (impl_->shared.peer_tls.load() == nullptr) {
    return std::unexpected("the node was started without a mesh: a restart is needed to join one");
  }
  auto context = crypto::TlsContext::peer_client(settings);
  if (!context) return std::unexpected(context.error());
  impl_->shared.peer_tls.store(std::move(*context));
  return {};
}

void Host::dial_peer(std::string addr, std::optional<NodeId> node) {
  impl_->shared.shards.front()->dial_peer(std::move(addr), node);
}

void Host::withdraw_peer(std::string addr) {
  impl_->shared.shards.front()->withdraw_peer(std::move(addr));
}

void Host::probe(std::string topic, CorrId corr) {
  impl_->shared.shards.front()->probe(std::move(topic), corr);
}
void Host::hang_up(const NodeId& node) { impl_->shared.shards.front()->hang_up(node); }

bool Host::Impl::refresh(Duration age) {
  if (stopped.with([](bool is) { return is; })) return true;
  const Instant now = runtime::monotonic_now();
  std::vector<ShardHost*> old;
  for (const auto& shard : shared.shards) {
    if (age == Duration::zero() || now - shard->published_at() > age) old.push_back(shard.get());
  }
  if (old.empty()) return true;
  const auto gate = std::make_shared<runtime::Gate>(static_cast<unsigned>(old.size()));
  for (ShardHost* shard : old) shard->publish_to(gate);
  return gate->wait_for(std::chrono::milliseconds(50));
}

Snapshot Host::snapshot(Duration age) {
  const bool complete = impl_->refresh(age);
  Snapshot snapshot = impl_->totals.with([](const Snapshot& totals) { return totals; });
  snapshot.complete = complete;
  for (const auto& shard : impl_->shared.shards) snapshot.shards.push_back(shard->latest());
  if (const auto tls = impl_->shared.tls.load(); tls != nullptr && tls->certificate()) {
    snapshot.certificate_not_after = tls->certificate()->not_after.seconds;
    snapshot.certificate_not_before = tls->certificate()->not_before.seconds;
  }
  return snapshot;
}

std::size_t Host::take_held_most() {
  std::size_t most = 0;
  for (const auto& shard : impl_->shared.shards) most += shard->take_held_most();
  return most;
}

void Host::reconfigure(const LiveSettings& live) {
  impl_->shared.limiter.with(
      [&](transport::AcceptLimiter& limiter) { limiter.set_limits(live.accept); });
  for (const auto& shard : impl_->shared.shards) shard->reconfigure(live);
}

Inspection Host::inspect(Inspect what) {
  const auto gate = std::make_shared<runtime::Gate>(shards());
  const auto parts = std::make_shared<runtime::Guarded<std::vector<Inspection>>>();
  for (const auto& shard : impl_->shared.shards) shard->inspect(what, parts, gate);
  const bool complete = gate->wait_for(std::chrono::milliseconds(250));
  Inspection merged = parts->with([](std::vector<Inspection>& all) { return merge(all); });
  merged.complete = complete;
  return merged;
}

void Host::answer(ControlAnswer answer) {
  const ShardIndex to = answer.session.shard();
  if (to < impl_->shared.shards.size()) impl_->shared.shards[to]->answer(std::move(answer));
}

DrainReport Host::drain(Duration within, const char* reason) {
  // First nobody is let in any more, on no shard, then those inside are told: who hears of the
  // drain from one shard cannot get a session at another.
  const auto shut = std::make_shared<runtime::Gate>(shards());
  for (const auto& shard : impl_->shared.shards) shard->stop_accepting(shut);
  static_cast<void>(shut->wait_for(std::chrono::milliseconds(250)));
  const auto gate = std::make_shared<runtime::Gate>(shards());
  for (const auto& shard : impl_->shared.shards) shard->drain(within, reason, gate);
  // A little longer than the machines take, so that it is they who report what was cut off.
  DrainReport report{.finished = gate->wait_for(within + std::chrono::milliseconds(250))};
  for (const auto& shard : impl_->shared.shards) report.cut_off += shard->cut_off();
  return report;
}

void Host::stop() {
  if (impl_->stopped.with([](bool& stopped) { return std::exchange(stopped, true); })) return;
  for (const auto& shard : impl_->shared.shards) shard->request_stop();
  for (const auto& shard : impl_->shared.shards) shard->join();
}

}  // namespace ron::host
