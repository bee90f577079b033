// Reads along both ways of a well-behaved client's stream and writes the session into the History:
// what was really sent and answered, whatever the machine that did it says.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "oap/kinds.hpp"
#include "oap/parser.hpp"
#include "sim/world.hpp"

namespace ron::sim {

class SessionWatch {
 public:
  /// Of the session `session` of the history, over `conn`.
  SessionWatch(World& world, Conn& conn, std::uint32_t session);

  /// The stream took these bytes; the node has not seen them yet.
  void wrote(ByteView bytes);
  /// These came from the node.
  void got(ByteView bytes);

  /// Everything that was asked is answered.
  bool settled() const { return waiting_.empty(); }
  /// Does the session hold this subscription, as far as its node has answered?
  bool holds(TenantId tenant, std::string_view pattern) const;

 private:
  struct Waiting {
    bool hello = false;
    std::vector<std::uint32_t> ops;
    std::optional<std::uint32_t> publication;
  };

  SessionRecord& record() { return world_.history.sessions[session_]; }
  void sent(const oap::Frame& frame, const oap::Message& message);
  void sent_publication(const oap::Frame& frame, const oap::Message& message);
  void sent_sub(const oap::Header& header, const oap::Message& message, bool add);
  void arrived(const oap::Frame& frame);
  void answered(CorrId corr, const oap::Message& message);
  void told(const oap::Message& message);
  void note_not_ready(std::string_view code);

  World& world_;
  Conn& conn_;
  std::uint32_t session_;
  oap::Parser up_;
  oap::Parser down_;
  std::uint64_t end_ = 0;  // stream offset behind the last whole frame sent
  std::map<CorrId, Waiting> waiting_;
  std::uint64_t received_ = 0;  // counted bytes from the node
  std::uint64_t granted_ = 0;   // credit given to it
};

}  // namespace ron::sim
