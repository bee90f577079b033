// The messages a node understands: one row a kind.
//
// To add a kind: write its decoder (oap/), its handler in a file of its own, and its row in
// kind_table.cpp. Flags, right, counting and the answer to every breach are then handled here.
#pragma once

#include <cstdint>
#include <string_view>

#include "oap/kinds.hpp"
#include "oap/parser.hpp"

namespace ron::node {

class ShardCore;
struct Session;

/// What a session must be allowed before a kind is acted on.
enum class Right : std::uint8_t { kNone, kPublish, kSubscribe, kOperate, kPeer };

/// Which forms a kind may come in.
enum Form : std::uint8_t {
  kAsReq = 1U << 0U,
  kAsEvent = 1U << 1U,   // plain, unanswered
  kAsAckReq = 1U << 2U,  // EVENT with ACKREQ
};

/// One frame on its way through the checks.
struct Incoming {
  const oap::Header& header;
  const oap::Message& message;
  const Slice& frame;                   // the whole frame as received
  ByteView payload;                     // inflated where it was compressed
  bool wants_answer;                    // REQ, or EVENT with ACKREQ
  const oap::Gossip* gossip = nullptr;  // read already; then `message` has its kind only
};

/// Acts on a frame that passed every common check. Answers go through the core.
using Handler = void (*)(ShardCore& core, Session& session, const Incoming& in);

struct KindRow {
  std::string_view name;
  std::uint8_t forms;  // Form bits; 0 = only ever a RESP
  Right right;
  bool counted;         // spends flow-control credit (docs/OAP-1.md section 5)
  bool paced;           // its plain events go through the fps bucket
  bool while_draining;  // still accepted after drain began
  Handler handler;
};

/// The row of a kind, nullptr for one this version does not know.
const KindRow* find_kind(std::string_view name);

// Handlers, one file a family.
void handle_second_hello(ShardCore& core, Session& session, const Incoming& in);
void handle_gossip(ShardCore& core, Session& session, const Incoming& in);
void handle_sub(ShardCore& core, Session& session, const Incoming& in);
void handle_unsub(ShardCore& core, Session& session, const Incoming& in);
void handle_credit(ShardCore& core, Session& session, const Incoming& in);
void handle_keep(ShardCore& core, Session& session, const Incoming& in);
void handle_bye(ShardCore& core, Session& session, const Incoming& in);
void handle_lagged(ShardCore& core, Session& session, const Incoming& in);
void handle_refused(ShardCore& core, Session& session, const Incoming& in);
void handle_control(ShardCore& core, Session& session, const Incoming& in);
void handle_mesh(ShardCore& core, Session& session, const Incoming& in);

}  // namespace ron::node
