// One GET of a node's admin listener (docs/observability.md).
#pragma once

#include <chrono>
#include <expected>
#include <string>

namespace ron::cli {

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};

/// `address` is HOST:PORT with a numeric host. The whole exchange ends by `timeout`; a body of more
/// than `most` bytes is cut. The error is a clause.
std::expected<HttpAnswer, std::string> http_get(const std::string& address, const std::string& path,
                                                std::chrono::milliseconds timeout,
                                                std::size_t most = 1U << 20U);

}  // namespace ron::cli
