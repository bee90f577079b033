#include "node/kind_table.hpp"

#include <array>

namespace ron::node {
namespace {

constexpr std::uint8_t kAny = kAsReq | kAsEvent | kAsAckReq;

// Ordered by how often they come. keep, credit, lagged, refused and bye are plain events
// (OAP-2.25), as those between nodes are but for link and ping (OAP-9.25); hello_ack, control_ok,
// ack and error only ever answer.
constexpr std::array kTable = {
    KindRow{"gossip", kAny, Right::kPublish, true, true, false, handle_gossip},
    KindRow{"relay", kAsEvent, Right::kPeer, true, false, true, handle_mesh},
    KindRow{"credit", kAsEvent, Right::kNone, false, false, true, handle_credit},
    KindRow{"keep", kAsEvent, Right::kNone, false, false, true, handle_keep},
    KindRow{"sub", kAsReq, Right::kSubscribe, false, false, false, handle_sub},
    KindRow{"unsub", kAsReq, Right::kSubscribe, false, false, false, handle_unsub},
    KindRow{"bye", kAsEvent, Right::kNone, false, false, true, handle_bye},
    KindRow{"lagged", kAsEvent, Right::kNone, false, false, true, handle_lagged},
    KindRow{"refused", kAsEvent, Right::kNone, false, false, true, handle_refused},
    KindRow{"control", kAsReq, Right::kOperate, false, false, true, handle_control},
    KindRow{"ihave", kAsEvent, Right::kPeer, false, false, true, handle_mesh},
    KindRow{"iwant", kAsEvent, Right::kPeer, false, false, true, handle_mesh},
    KindRow{"idontwant", kAsEvent, Right::kPeer, false, false, true, handle_mesh},
    KindRow{"graft", kAsEvent, Right::kPeer, false, false, true, handle_mesh},
    KindRow{"prune", kAsEvent, Right::kPeer, false, false, true, handle_mesh},
    KindRow{"ping", kAsReq, Right::kPeer, false, false, true, handle_mesh},
    KindRow{"link", kAsReq, Right::kPeer, false, false, true, handle_mesh},
    KindRow{"unlink", kAsEvent, Right::kPeer, false, false, true, handle_mesh},
    KindRow{"peers", kAsEvent, Right::kPeer, false, false, true, handle_mesh},
    KindRow{"origin", kAsEvent, Right::kPeer, false, false, true, handle_mesh},
    KindRow{"traced", kAsEvent, Right::kPeer, false, false, true, handle_mesh},
    KindRow{"interest", kAsEvent, Right::kPeer, false, false, true, handle_mesh},
    KindRow{"interest_all", kAsEvent, Right::kPeer, false, false, true, handle_mesh},
    KindRow{"hello", kAsReq, Right::kNone, false, false, true, handle_second_hello},
    KindRow{"hello_ack", 0, Right::kNone, false, false, true, nullptr},
    KindRow{"control_ok", 0, Right::kNone, false, false, true, nullptr},
    KindRow{"ack", 0, Right::kNone, false, false, true, nullptr},
    KindRow{"error", 0, Right::kNone, false, false, true, nullptr},
};

}  // namespace

const KindRow* find_kind(std::string_view name) {
  for (const KindRow& row : kTable) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace ron::node
