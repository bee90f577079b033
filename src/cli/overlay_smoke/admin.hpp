// The node's admin listener, as a client of it.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace ron::smoke {

struct AdminAddress {
  std::string host;
  std::string port;
};
/// "http://HOST:PORT", "HOST:PORT", "[IPv6]:PORT"; or what is wrong.
std::expected<AdminAddress, std::string> parse_admin(std::string_view text);

struct Answer {
  int status = 0;
  std::string body;
};
/// GET over a connection of its own; or why there is no answer within `limit`.
std::expected<Answer, std::string> get(const AdminAddress& at, std::string_view path,
                                       std::chrono::milliseconds limit);

/// Status and body of what came over the wire; status 0 when it is no HTTP answer.
Answer parse_answer(std::string_view text);

/// The sum of a metric over all its labels; 0 when it is not there.
double metric(std::string_view page, std::string_view name);

/// Why /readyz is not green: the missing gates, "queues_ok,draining"; the whole body if it does not
/// say.
std::string cause_of(const Answer& answer);

}  // namespace ron::smoke
