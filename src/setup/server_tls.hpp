// The TLS part of a configuration as crypto takes it.
#pragma once

#include <optional>

#include "config/settings.hpp"
#include "crypto/tls_context.hpp"

namespace ron::setup {

/// Nothing where TLS is off, or no TCP listener would use it.
std::optional<crypto::ServerTls> server_tls(const config::Settings& settings);

}  // namespace ron::setup
