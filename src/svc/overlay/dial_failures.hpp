// Why the last dial of an address came to no session, for whoever asks what became of a peer.
//
// Bounded: the address that failed longest ago gives way.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/event.hpp"
#include "runtime/guarded.hpp"

namespace ron::svc {

class DialFailures {
 public:
  static constexpr std::size_t kMost = 256;

  /// Any thread.
  void note(const host::Event& event);
  /// As the log tells it: the reason, and the words of the system. Empty: not known.
  std::string of(std::string_view addr) const;

 private:
  struct Failure {
    std::string addr, why;
  };
  mutable runtime::Guarded<std::vector<Failure>> failures_;  // the oldest first
};

}  // namespace ron::svc
