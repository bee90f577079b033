// A node's answers to `config` and `status` as settings.
#pragma once

#include <optional>

#include "config/settings.hpp"
#include "node_answer.hpp"

namespace ron::cli {

/// Nothing where this ronctl does not understand them. A node withholds paths, so the files of TLS
/// are those its configuration file names, if this user may read it; else they stay empty.
std::optional<config::Settings> settings_of(const Json& configuration, const Json& status);

}  // namespace ron::cli
