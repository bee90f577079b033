// "Did you mean ...": the known name nearest to one that is not known.
#pragma once

#include <span>
#include <string_view>

namespace ron::config {

/// The candidate with the fewest insertions, deletions, replacements and swaps of neighbours away
/// from `name`, ignoring case; empty when none is near (more than a third of the name differs).
/// A dotted candidate whose last part equals `name` counts as near: `max_rps` finds
/// `overlay.peer.max_rps`. Names over 64 bytes have no neighbours.
std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace ron::config
