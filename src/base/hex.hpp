// Bytes as lowercase hex digits, and back.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace ron {

std::string hex(ByteView bytes);

/// Fills `into` from exactly so many digits, lowercase only (requirement C31): one spelling a
/// value. False leaves it half filled.
bool from_hex(std::string_view text, MutableBytes into);

}  // namespace ron
