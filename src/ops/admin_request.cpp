#include "ops/admin_request.hpp"

namespace ron::ops {

namespace http = boost::beast::http;

AdminAnswer answer_request(const AdminParser& parser, std::span<const AdminRoute> routes,
                           std::string_view& route) {
  const auto& request = parser.get();
  const std::string_view target(request.target().data(), request.target().size());
  const std::string_view path = target.substr(0, target.find('?'));
  const AdminRoute* found = nullptr;
  for (const AdminRoute& one : routes)
    if (one.path == path) found = &one;
  if (found != nullptr) route = found->path;
  if (request.method() != http::verb::get && request.method() != http::verb::head)
    return error_answer(405, "only GET and HEAD are served here");
  if (parser.chunked() || parser.content_length().value_or(0) != 0)
    return error_answer(413, "requests to this listener have no body");
  if (found == nullptr)
    return error_answer(404, "no such path; try /healthz /readyz /metrics /version /configz");
  return found->answer();
}

}  // namespace ron::ops
