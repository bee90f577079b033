#include "sim/listener.hpp"

namespace ron::sim {
namespace {

constexpr TenantId kListeners{~std::uint64_t{0}, 1};  // a tenant that no client has
constexpr CorrId kFirstSpoken = 1U << 20U;

}  // namespace

void Listener::act() {
  connect();
  const Profile& profile = world_.profile;
  const bool may = profile.roomy && profile.config.auth_off && !world_.draining();
  if (may && !waits_ && wants_.contains(kListeners)) speak();
}

// One at a time, so that no window closes.
void Listener::speak() {
  const auto index = static_cast<std::uint32_t>(world_.spoken.size());
  std::vector<std::uint8_t> data(8 + world_.choice.index(100));
  store_be<std::uint64_t>(data.data(), index);
  const std::vector<std::uint8_t> payload =
      oap::write_gossip({.topic = "spoken/" + std::to_string(node_ % 4), .data = data});
  world_.spoken.push_back({node_, digest_of(payload), world_.stamp()});
  waits_ = true;
  send(oap::kEvent | oap::kAckReq, kFirstSpoken + index, kListeners, payload);
}

void Listener::connect() {
  if (conn_ != nullptr) return;
  conn_ = &world_.dial(1000 + node_, node_);
  conn_->down.on_readable = [this] { read(); };
  oap::Hello hello;
  hello.pq = oap::Pq::kOff;
  hello.version_1 = true;
  hello.max_frame = oap::kMaxFrame;
  send(oap::kReq, 1, {}, oap::write_hello(hello));
  oap::SubOut sub;
  sub.topics = {"**"};
  CorrId corr = 2;
  for (const TenantId tenant : world_.profile.tenants) {
    send(oap::kReq, corr++, tenant, oap::write_sub(sub));
  }
  send(oap::kReq, corr, kListeners, oap::write_sub(sub));
}

void Listener::send(std::uint16_t flags, CorrId corr, TenantId tenant,
                    const std::vector<std::uint8_t>& payload) {
  const Slice frame = oap::make_frame(flags, tenant, corr, payload);
  std::size_t written = 0;
  while (written < frame.size()) {
    const std::size_t took = conn_->up.write(frame.bytes().subspan(written));
    if (took == 0) return;  // the pipe is small: it listens to fewer tenants
    written += took;
  }
}

void Listener::read() {
  const std::vector<std::uint8_t> bytes = conn_->down.read(64U * 1024);
  Slice input = Slice::copy_of(bytes, nullptr);
  while (!input.empty()) {
    auto next = parser_.next(input);
    if (!next) return world_.fail("the node sent a listener what does not parse");
    if (!*next) break;
    on_frame(**next);
  }
  if (conn_->down.at_fin() && !conn_->up.finished() && !conn_->up.broken()) conn_->up.finish();
}

void Listener::on_frame(const oap::Frame& frame) {
  const auto message = oap::read_message(frame.payload());
  if (!message) return world_.fail("the node sent a listener a payload that is not legal");
  if (message->kind == "gossip") return on_gossip(frame, *message);
  if (message->kind == "lagged") lagged_ = true;
  if (frame.header.corr >= kFirstSpoken && frame.header.has(oap::kResp)) {
    waits_ = false;
    world_.spoken[frame.header.corr - kFirstSpoken].accepted = message->kind == "ack";
  } else if (message->kind == "ack")
    wants_[frame.header.tenant] = world_.stamp();
}

void Listener::conclude() {
  if (!world_.profile.roomy || lagged_ || conn_ == nullptr || !conn_->session) return;
  for (unsigned shard = 0; shard < world_.shards(); ++shard) {
    for (const auto& lane : world_.node(shard).stats().peer_shed) {
      if (std::ranges::any_of(lane, [](std::uint64_t frames) { return frames > 0; })) return;
    }
  }
  const auto& publications = world_.history.publications;
  for (std::uint32_t i = 0; i < publications.size(); ++i) {
    const Publication& one = publications[i];
    const auto since = wants_.find(one.tenant);
    if (one.fate != Fate::kAccepted || since == wants_.end() || one.sent < since->second) continue;
    if (!heard_.contains(i)) {
      return world_.fail("publication " + std::to_string(i) + " never came to node " +
                         std::to_string(node_));
    }
  }
  const auto since = wants_.find(kListeners);
  for (std::uint32_t i = 0; since != wants_.end() && i < world_.spoken.size(); ++i) {
    const Spoken& one = world_.spoken[i];
    if (!one.accepted || one.node == node_ || one.sent < since->second || spoken_.contains(i))
      continue;
    return world_.fail("what node " + std::to_string(one.node) + " said never came to node " +
                       std::to_string(node_));
  }
}

void Listener::on_spoken(const oap::Frame& frame, const oap::Gossip& gossip) {
  const auto index = static_cast<std::uint32_t>(load_be<std::uint64_t>(gossip.data.data()));
  const auto complain = [&](const char* what) {
    world_.fail("what listener " + std::to_string(index) + " said reached node " +
                std::to_string(node_) + " " + what);
  };
  world_.note("heard", node_, index);
  if (index >= world_.spoken.size()) return complain("though nobody said it");
  const Spoken& spoken = world_.spoken[index];
  if (spoken.node == node_) return complain("where it was said");
  if (!spoken_.insert(index).second) return complain("twice");
  if (spoken.digest != digest_of(frame.payload())) return complain("changed");
}

void Listener::on_gossip(const oap::Frame& frame, const oap::Message& message) {
  const auto gossip = oap::read_gossip(message);
  if (!gossip || gossip->data.size() < 8) return world_.fail("a relayed gossip does not decode");
  if (frame.header.tenant == kListeners) return on_spoken(frame, *gossip);
  const auto index = static_cast<std::uint32_t>(load_be<std::uint64_t>(gossip->data.data()));
  const auto complain = [&](const char* what) {
    world_.fail("publication " + std::to_string(index) + " reached node " + std::to_string(node_) +
                " " + what);
  };
  world_.note("heard", node_, index);
  if (index >= world_.history.publications.size()) return complain("though nobody published it");
  const Publication& publication = world_.history.publications[index];
  if (!heard_.insert(index).second) return complain("twice");
  if (publication.fate == Fate::kRefused) return complain("though it was refused");
  if (publication.digest != digest_of(frame.payload())) return complain("changed");
  if (publication.tenant != frame.header.tenant) return complain("in another tenant");
  const bool any_corr = publication.corr == kAnyCorr;
  if (!any_corr && publication.corr != frame.header.corr) return complain("with another corr_id");
}

}  // namespace ron::sim
