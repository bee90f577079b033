// What the mesh orders its node to do: values, appended to buffers that the caller owns and reuses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/slab.hpp"
#include "base/time.hpp"
#include "mesh/config.hpp"
#include "oap/wire_error.hpp"

namespace ron::mesh {

/// The four lanes of a peer session, served in this order of urgency (docs/OAP-1.md section 5).
enum class Lane : std::uint8_t { kControl, kOwn, kRelay, kLazy };
inline constexpr unsigned kLanes = 4;

/// Whole frames for a session. The same slice goes to many sessions; it is never written to.
struct Send {
  SessionId session;
  Lane lane = Lane::kControl;
  Slice frame;
};

/// Open a stream to `addr`, shake hands, send hello as a peer. Answered by session_up or
/// dial_failed, whatever happens.
struct Dial {
  DialId dial = 0;
  std::string addr;
  std::optional<NodeId> node;  // whoever answers must be this one
};
/// Give a dial up that was not answered yet; nothing answers it any more.
struct CancelDial {
  DialId dial = 0;
};

/// End a session: with an error frame, or in order.
struct Close {
  SessionId session;
  std::optional<oap::WireError> error;
};

/// A publication of another node for the sessions of this one.
struct Deliver {
  TenantId tenant;
  CorrId corr = 0;
  Slice frame;              // the relay frame
  std::size_t message = 0;  // where the gossip payload begins in it; it goes to the end
};

/// A neighbour that was let go for how it behaved, and why: for the log.
using Expelled = Scores::Explanation;
/// Frames that a lane of a session let go of. `oldest` and `newest` say how long they had waited;
/// zero where they found no room in the first place.
struct Shed {
  std::uint32_t frames = 0;
  Duration oldest{}, newest{};
};

/// Publications of an origin that did not come and will not, by their numbers.
struct Gap {
  OriginEpoch from;
  std::uint64_t first = 0, last = 0;
  std::uint64_t count = 0;
};

struct Orders {
  std::vector<Send> sends;
  std::vector<Dial> dials;
  std::vector<CancelDial> cancels;
  std::vector<Close> closes;
  std::vector<Deliver> deliveries;
  std::vector<Expelled> expelled;
  std::vector<Gap> gaps;
  bool empty() const {
    return sends.empty() && dials.empty() && cancels.empty() && closes.empty() &&
           deliveries.empty() && expelled.empty() && gaps.empty();
  }
  void clear() {
    sends.clear();
    dials.clear();
    cancels.clear();
    closes.clear();
    deliveries.clear();
    expelled.clear();
    gaps.clear();
  }
};

}  // namespace ron::mesh
