// Arbitrary bytes as a request to the admin listener, in one read or two: whatever comes, an answer
// of the documented statuses, never a route that does not exist, and no body without a route.
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "ops/admin_request.hpp"

namespace {

using namespace ron;
using boost::system::error_code;

constexpr std::uint32_t kHeaderMost = 8192;

const std::vector<ops::AdminRoute>& routes() {
  static const std::vector<ops::AdminRoute> kRoutes = {
      {"/healthz", [] { return ops::healthz_answer(); }},
      {"/readyz",
       [] { return ops::readyz_answer({.ready = false, .degraded = true, .missing = {"x"}}); }},
      {"/metrics", [] { return ops::metrics_answer("a 1\n"); }}};
  return kRoutes;
}

void judge(const ops::AdminParser& parser) {
  std::string_view route = "other";
  const ops::AdminAnswer answer = ops::answer_request(parser, routes(), route);
  const bool served = answer.status == 200 || (answer.status == 503 && route == "/readyz");
  RON_CHECK(served || answer.status == 404 || answer.status == 405 || answer.status == 413);
  RON_CHECK(route == "other" || route == "/healthz" || route == "/readyz" || route == "/metrics");
  RON_CHECK(!served || route != "other");
  RON_CHECK(!answer.body.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t cut = data[0] % size;  // where the second read begins
  ops::AdminParser parser;
  parser.header_limit(kHeaderMost);
  std::size_t used = 0;
  for (const std::size_t end : {cut, size - 1}) {
    while (used < end && !parser.is_header_done()) {
      error_code error;
      const std::size_t taken =
          parser.put(boost::asio::const_buffer(data + 1 + used, end - used), error);
      used += taken;
      if (error == boost::beast::http::error::need_more) break;
      if (error) return 0;  // answered with 400 or 431 without a look at the rest
      if (taken == 0) break;
    }
  }
  if (parser.is_header_done()) judge(parser);
  return 0;
}
