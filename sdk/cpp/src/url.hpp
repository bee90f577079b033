// Addresses of nodes as users write them: ron://host:port, rons://host:port, unix:/path.
#pragma once

#include <string>
#include <string_view>

#include "ron/error.hpp"
#include "transport/address.hpp"

namespace ron::sdk::detail {

inline constexpr std::uint16_t kDefaultPort = 9500;

struct Target {
  enum class Kind : std::uint8_t { kTcp, kTls, kUnix };
  Kind kind = Kind::kTcp;
  transport::HostPort at;
  std::string path;

  /// Nobody else can listen in: a Unix socket or this very machine.
  bool is_local() const;
};

/// kUsage with a sentence that names the accepted forms.
Result<Target> parse_url(std::string_view url);

}  // namespace ron::sdk::detail
