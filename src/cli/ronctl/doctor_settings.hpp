// A node's answer to `config` as settings.
#pragma once

#include <optional>

#include "config/settings.hpp"
#include "node_answer.hpp"

namespace ron::cli {

/// Nothing where this ronctl does not understand it. Secrets and identities, which a node
/// withholds, keep their defaults.
std::optional<config::Settings> settings_of(const Json& configuration);

}  // namespace ron::cli
