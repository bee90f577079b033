#include "ops/admin_answers.hpp"

#include <nlohmann/json.hpp>

namespace ron::ops {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string_view code_of(unsigned status) {
  switch (status) {
    case 404: return "NotFound";
    case 405: return "MethodNotAllowed";
    case 408: return "Timeout";
    case 413: return "FrameTooLarge";
    case 431: return "HeaderTooLarge";
    case 500: return "Internal";
    default: return "BadRequest";
  }
}

}  // namespace

std::string json_string(std::string_view text) {
  return Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

AdminAnswer healthz_answer() { return {.status = 200, .body = dump({{"alive", true}})}; }

AdminAnswer readyz_answer(const Readiness& readiness) {
  if (readiness.ready) return {.status = 200, .body = dump({{"ready", true}})};
  return {.status = 503,
          .body = dump({{"ready", false},
                        {"degraded", readiness.degraded},
                        {"missing", readiness.missing},
                        {"retry_after", kRetryAfterSeconds}}),
          .retry_after_s = kRetryAfterSeconds};
}

AdminAnswer version_answer(const VersionInfo& info) {
  return {.status = 200,
          .body = dump({{"version", info.version},
                        {"git", info.git},
                        {"build", info.build},
                        {"openssl", info.openssl},
                        {"node", info.node},
                        {"listen", info.listen},
                        {"advertise", info.advertise},
                        {"name", info.name},
                        {"features", info.features}})};
}

AdminAnswer metrics_answer(std::string text) {
  return {.status = 200,
          .content_type = "text/plain; version=0.0.4; charset=utf-8",
          .body = std::move(text)};
}

AdminAnswer error_answer(unsigned status, std::string_view message) {
  return {.status = status,
          .body = dump({{"code", code_of(status)}, {"message", message}, {"retryable", false}})};
}

int readyz_state(const Readiness& readiness) {
  if (readiness.ready) return 1;
  return readiness.degraded ? 2 : 0;
}

}  // namespace ron::ops
