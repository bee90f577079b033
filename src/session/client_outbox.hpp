// The way out of a client: publications that wait, and frames on their way into the stream.
//
//   push -> queue -> (Client decides: credit, pace, inflight) -> stage -> gather/wrote
//
// A frame counts as sent once its last byte was written. What was not sent when the connection ends
// goes back to the head of the queue in its order, so a publication is sent at most once and none
// is lost that the stream never took. The queue is bounded in frames and bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/ring.hpp"
#include "base/slab.hpp"
#include "session/client_types.hpp"

namespace ron::session {

/// A publication or request of the user, as given: what goes on the wire is derived from it.
struct Outgoing {
  Slice frame;
  Ticket ticket = 0;
  Mode mode = Mode::kPlain;
  bool counted = true;
};

class Outbox {
 public:
  Outbox(std::size_t frames_max, std::size_t bytes_max)
      : frames_max_(frames_max), bytes_max_(bytes_max) {}

  /// An empty queue takes one frame of any size.
  bool has_room(std::size_t bytes) const;
  bool half_empty() const;

  void push(Outgoing item);
  bool empty() const { return queue_.empty(); }
  const Outgoing& front() const { return queue_.front(); }
  Outgoing pop();
  std::size_t queued() const { return queue_.size(); }

  /// Takes out the queued items for which `gone` is true, keeping the order of the others.
  template <typename Predicate>
  std::vector<Outgoing> extract(Predicate gone) {
    std::vector<Outgoing> taken;
    for (std::size_t left = queue_.size(); left > 0; --left) {
      Outgoing item = pop();
      if (gone(item)) {
        taken.push_back(std::move(item));
      } else {
        push(std::move(item));
      }
    }
    return taken;
  }

  /// Puts a frame on its way; `origin` is what to put back should it not be sent.
  void stage(Slice wire, std::optional<Outgoing> origin);
  std::size_t staged_bytes() const { return staged_bytes_; }

  /// The staged bytes in order, at most about `max_bytes`; returns the number of pieces.
  std::size_t pieces(std::span<IoPiece> into, std::size_t max_bytes) const;

  /// The stream took `bytes`; returns how many frames that completed.
  std::size_t wrote(std::size_t bytes);

  /// The stream is gone: puts publications that were not sent back into the queue and returns
  /// their tickets. Never while the stream lives: it may have sealed staged bytes already.
  std::vector<Ticket> rewind();

 private:
  struct Staged {
    Slice wire;
    std::optional<Outgoing> origin;
  };

  std::size_t frames_max_;
  std::size_t bytes_max_;
  Ring<Outgoing> queue_;
  std::size_t queued_bytes_ = 0;
  Ring<Staged> stage_;
  std::size_t staged_bytes_ = 0;
  std::size_t begun_ = 0;  // bytes of the first staged frame already written
};

}  // namespace ron::session
