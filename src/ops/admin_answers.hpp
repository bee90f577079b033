// What the admin endpoints say: JSON bodies as requirements B8, C78 and C81 fix them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ron::ops {

struct AdminAnswer {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  unsigned retry_after_s = 0;  // 0: no Retry-After header
};

/// What /readyz tells; filled from node::ReadinessJudge by the daemon.
struct Readiness {
  bool ready = false;
  bool degraded = false;
  std::vector<std::string> missing;
};
inline constexpr unsigned kRetryAfterSeconds = 5;

struct VersionInfo {
  std::string version, git, build, openssl, node, listen;
  std::vector<std::string> features;
  std::string advertise = {}, name = {};
};

AdminAnswer healthz_answer();
AdminAnswer readyz_answer(const Readiness& readiness);
AdminAnswer version_answer(const VersionInfo& info);
AdminAnswer metrics_answer(std::string text);

/// `{"code":"NotFound","message":"...","retryable":false}`
AdminAnswer error_answer(unsigned status, std::string_view message);

/// 0, 1 or 2 for readyz_state: draining and starting are 0.
int readyz_state(const Readiness& readiness);

/// A JSON string with quotes; any bytes give valid JSON.
std::string json_string(std::string_view text);

}  // namespace ron::ops
