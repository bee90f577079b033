// Messages as a subscriber gets them.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ron::sdk {

/// 128 bits that keep tenants apart; all zero is the default tenant.
struct Tenant {
  std::uint64_t hi = 0;  ///< upper half
  std::uint64_t lo = 0;  ///< lower half
  friend bool operator==(const Tenant&, const Tenant&) = default;
};

/// The application's own name-value pairs of a message.
using Headers = std::vector<std::pair<std::string, std::string>>;

/// A message during a handler's call: the views end with it.
struct MessageView {
  std::string_view topic;           ///< what it was published to
  std::string_view data;            ///< its bytes
  std::string_view reply;           ///< topic to answer on; empty = no answer is expected
  std::uint64_t seconds = 0;        ///< set by the publisher, since the Unix epoch
  std::uint64_t correlation = 0;    ///< the publisher's correlation id; 0 = none
  Tenant tenant;                    ///< of the publication
  std::uint64_t lagged_before = 0;  ///< messages this client lost since the one before
  std::string_view raw;             ///< the whole CBOR payload as published

  /// Decodes the headers (an allocation, so not done unasked).
  Headers headers() const;
};

/// A message that owns its bytes.
struct Message {
  std::string topic;                ///< what it was published to
  std::string data;                 ///< its bytes
  std::string reply;                ///< topic to answer on; empty = no answer is expected
  Headers headers;                  ///< the application's pairs
  std::uint64_t seconds = 0;        ///< set by the publisher, since the Unix epoch
  std::uint64_t correlation = 0;    ///< the publisher's correlation id; 0 = none
  Tenant tenant;                    ///< of the publication
  std::uint64_t lagged_before = 0;  ///< messages lost since the one before in this queue
};

}  // namespace ron::sdk
