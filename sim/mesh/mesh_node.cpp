#include "sim/mesh/mesh_node.hpp"

#include <algorithm>

#include "base/blake3.hpp"
#include "oap/envelope.hpp"

namespace ron::meshsim {
namespace {

constexpr std::size_t kStatements = 1024;   // of an origin, one an epoch
constexpr std::size_t kSlack = 16U * 1024;  // of what it is busy with
constexpr std::size_t kKeySize = 44;        // as of an Ed25519 SubjectPublicKeyInfo

Digest256 keyed(ByteView key, ByteView bytes) {
  Blake3 hash;
  hash.update(key);
  hash.update(bytes);
  return hash.digest();
}

// Of a delivery that is none of the world's messages: what it calls itself.
std::optional<MessageId> id_of_a_stranger(const mesh::Deliver& delivery) {
  if (delivery.corr != 0 && delivery.corr <= UINT32_MAX) return {};
  const auto message = oap::read_message(delivery.frame.bytes().subspan(oap::kHeaderSize));
  if (!message) return {};
  const auto relay = oap::read_relay(*message);
  if (!relay) return {};
  return MessageId{relay->origin, relay->epoch, relay->seq};
}

bool verify(ByteView key, ByteView bytes, ByteView signature) {
  const Digest256 expected = keyed(key, bytes);
  return equal(expected, signature);
}

}  // namespace

std::string over_bound(const mesh::MeshConfig& config, const mesh::MembershipStats& views,
                       const mesh::RelayStats& relay, const std::deque<mesh::Trace>& traces) {
  struct Bound {
    const char* what;
    std::size_t is, most;
  };
  const mesh::ViewLimits& v = config.views;
  const mesh::RelayLimits& r = config.relay;
  std::size_t hops = 0;  // of the probe with most answers
  for (const mesh::Trace& trace : traces) hops = std::max(hops, trace.hops.size());
  const Bound bounds[] = {
      {"active", views.active, v.active_max},
      {"leaves", views.leaves, v.leaves_max},
      {"passive", views.passive, v.passive},
      {"dialing", views.dialing, v.probes + config.peers.size() + 1},
      {"sessions", views.sessions, v.sessions_max + v.active_max + v.leaves_max},
      {"origins", relay.origins, r.origins},
      {"hot_origins", relay.hot_origins, r.origins},
      {"seen", relay.seen, r.seen},
      {"missing", relay.missing, r.missing},
      {"repair_bytes", relay.repair_bytes, r.repair_bytes},
      {"traces", traces.size(), mesh::Traces::kOwn},
      {"trace_hops", hops, mesh::Traces::kHops},
  };
  for (const Bound& bound : bounds) {
    if (bound.is <= bound.most) continue;
    return std::string(bound.what) + " " + std::to_string(bound.is) + " > " +
           std::to_string(bound.most);
  }
  return {};
}

std::string over_budget(const SlabMeter& meter, const NodeGauges& gauges,
                        const Network::Waiting& waiting) {
  constexpr std::size_t kBlock = sizeof(Slab) + SlabMeter::kAround;
  const std::size_t budget = gauges.kept_bytes + waiting.bytes +
                             kBlock * (gauges.kept_frames + waiting.frames) +
                             kStatements * gauges.origins + kSlack;
  if (meter.live_bytes <= budget) return {};
  return std::to_string(meter.live_bytes) + " bytes of frames, " + std::to_string(budget) +
         " accounted for";
}

std::vector<std::uint8_t> sim_key(std::uint64_t key) {
  std::vector<std::uint8_t> spki(kKeySize);
  store_be(spki.data() + kKeySize - sizeof key, key);
  return spki;
}

NodeId sim_node_id(ByteView key) { return blake3(key); }

std::vector<std::uint8_t> sim_statement(ByteView key, const NodeId& node, std::uint64_t epoch) {
  const Digest256 signature = keyed(key, oap::origin_signed_bytes(node, epoch));
  return {signature.begin(), signature.end()};
}

const CryptoFns& sim_crypto() {
  static const CryptoFns table = {.hash = blake3, .hmac = keyed, .verify = verify};
  return table;
}

MeshNode::MeshNode(Port& port, MeshNodeOptions options)
    : port_(port),
      options_(std::move(options)),
      choice_(options_.seed),
      key_(sim_key(options_.key)),
      who_{sim_node_id(key_), options_.epoch} {
  statement_ = sim_statement(key_, who_.node, who_.epoch);
  config_.self = who_.node;
  config_.epoch = who_.epoch;
  config_.role = options_.role;
  config_.advertise = options_.advertise;
  config_.peers = options_.peers;
  config_.key = key_;
  config_.statement = statement_;
  mesh_ = std::make_unique<mesh::Mesh>(config_, sim_crypto(), choice_, options_.meter);
}

MeshNode::~MeshNode() = default;

void MeshNode::obey(Duration hold) {
  for (mesh::Send& send : orders_.sends) {
    const bool relays = send.lane == mesh::Lane::kRelay;
    port_.send(send.session, static_cast<Lane>(send.lane), std::move(send.frame),
               relays ? hold : Duration(0));
  }
  for (const mesh::Deliver& delivery : orders_.deliveries) {
    const ByteView message = delivery.frame.bytes().subspan(delivery.message);
    port_.deliver({static_cast<std::uint32_t>(delivery.corr - 1), delivery.tenant, message,
                   id_of_a_stranger(delivery)},
                  hold);
  }
  for (const mesh::Dial& dial : orders_.dials) port_.dial(dial.dial, dial.addr, dial.node);
  for (const mesh::CancelDial& cancel : orders_.cancels) port_.cancel(cancel.dial);
  for (const mesh::Close& close : orders_.closes) port_.close(close.session);
  orders_.clear();
}

void MeshNode::start(Instant now) {
  mesh_->start(now, orders_);
  for (const auto& [tenant, pattern] : options_.interest) {
    mesh_->interest(tenant, pattern, true, now, orders_);
  }
  obey({});
}

void MeshNode::session_up(const SessionUp& up, Instant now) {
  if (options_.role == mesh::Role::kLeaf) up_.emplace(up.session, now);
  mesh_->session_up({up.session, up.peer.node, up.peer.epoch, up.dial}, now, orders_);
  obey({});
}

void MeshNode::session_down(SessionId session, Instant now) {
  told_.erase(session);
  up_.erase(session);
  mesh_->session_down(session, now, orders_);
  obey({});
}

void MeshNode::dial_failed(std::uint64_t dial, Instant now) {
  mesh_->dial_failed(dial, now, orders_);
  obey({});
}

void MeshNode::count_interest(SessionId session, const oap::Message& message) {
  const auto interest = oap::read_interest(message);
  if (interest && told_.insert(session).second && interest->seq > 1) ++resumed_;
}

void MeshNode::count(SessionId session, const oap::Header& header, const oap::Message& message,
                     Instant now) {
  if (message.kind == "interest") count_interest(session, message);
  if (message.kind != "relay" || header.corr == 0) return;
  const auto relay = oap::read_relay(message);
  if (!relay) return;
  Copy copy{.number = static_cast<std::uint32_t>(header.corr - 1), .message = relay->message};
  copy.id = {relay->origin, relay->epoch, relay->seq};
  if (const auto up = up_.find(session); up != up_.end()) copy.since_up = now - up->second;
  port_.copy(copy);
}

// A frame that is no legal message would cost a real node's peer an error; here it is dropped.
void MeshNode::frames(SessionId session, std::span<const Slice> frames, Instant now) {
  for (const Slice& sent : frames) {
    if (sent.size() < oap::kHeaderSize) continue;
    const Slice frame =
        options_.meter == nullptr ? sent : Slice::copy_of(sent.bytes(), options_.meter);
    const oap::Header header = oap::read_header(frame.data());
    const auto message = oap::read_message(frame.bytes().subspan(oap::kHeaderSize));
    if (!message) continue;
    count(session, header, *message, now);
    mesh_->received(session, {header, *message, frame}, now, orders_);
  }
  obey(options_.validation);
}

void MeshNode::shed(SessionId session, std::uint32_t frames, Instant now) {
  mesh_->shed(session, {.frames = frames}, now);
}

void MeshNode::publish(const Publication& publication, Instant now) {
  mesh_->publish(
      {.tenant = publication.tenant,
       .corr = publication.number + 1,
       .message = publication.message,
       .topic = publication.topic,
       .mode = publication.best_effort ? std::optional(oap::kModeBestEffort) : std::nullopt},
      now, orders_);
  obey({});
}

void MeshNode::interest(TenantId tenant, std::string_view pattern, bool add, Instant now) {
  mesh_->interest(tenant, pattern, add, now, orders_);
  obey({});
}

void MeshNode::tick(Instant now) {
  mesh_->tick(now, orders_);
  obey({});
}

Instant MeshNode::next_deadline() const { return mesh_->next_deadline(); }

std::vector<NodeId> MeshNode::neighbours(Instant now) const {
  std::vector<NodeId> nodes;
  for (const mesh::PeerView& peer : mesh_->peers(now)) {
    if (peer.active) nodes.push_back(peer.node);
  }
  return nodes;
}

std::vector<NodeId> MeshNode::slow(Instant now) const {
  std::vector<NodeId> nodes = neighbours(now);
  std::erase_if(nodes, [&](const NodeId& node) {
    const auto& reasons = mesh_->explain(node, now).reasons;
    return reasons[static_cast<std::size_t>(mesh::Misdeed::kSlow)].count == 0;
  });
  return nodes;
}

std::optional<Interest> MeshNode::leaf_interest(const NodeId& leaf) const {
  const mesh::InterestKeys* const believed = mesh_->leaf_interest(leaf);
  if (believed == nullptr) return {};
  return Interest(believed->begin(), believed->end());
}

NodeGauges MeshNode::gauges() const {
  const mesh::MembershipStats& views = mesh_->membership();
  const mesh::RelayStats& relay = mesh_->relay();
  NodeGauges gauges;
  gauges.links = views.active + views.leaves;
  gauges.dials = views.dials;
  gauges.dials_failed = views.dials_failed;
  gauges.long_probes = views.long_probes;
  gauges.links_up = views.links_up;
  gauges.links_lost = views.links_lost;
  gauges.links_dropped = views.links_dropped;
  gauges.links_refused = views.links_refused;
  gauges.grafts = relay.grafts_sent;
  gauges.prunes = relay.prunes_sent;
  gauges.ihave = relay.ihave_sent;
  gauges.iwant = relay.iwant_sent;
  gauges.repaired = relay.repaired;
  gauges.unsolicited = relay.unsolicited;
  gauges.kept_frames = relay.repair_messages;
  gauges.kept_bytes = relay.repair_bytes;
  gauges.origins = relay.origins;
  gauges.interest_resumed = resumed_;
  gauges.over = over_bound(config_, views, relay, mesh_->traces());
  return gauges;
}

}  // namespace ron::meshsim
