// What `ronctl tap` shows of a message: that it passed, not what it says, unless asked to.
#pragma once

#include <string>

#include <ron/message.hpp>

#include "moment.hpp"

namespace ron::cli {

struct TapOptions {
  bool payload = false;
  bool json = false;
};

/// Bytes of a payload that are shown.
inline constexpr std::size_t kTapPayloadMost = 256;

/// `12:34:56.789Z  logs/app  120 B  corr 00000000000000ff`, or a JSON object; with its newline.
std::string tap_line(const sdk::Message& message, Moment when, const TapOptions& options);

/// 32 hexadecimal digits.
std::string tenant_text(sdk::Tenant tenant);

}  // namespace ron::cli
