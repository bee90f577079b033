// From a parsed HTTP header to an answer. Knows Boost.Beast: for the admin listener and its fuzz
// target only.
#pragma once

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <span>
#include <string_view>

#include "ops/admin_server.hpp"

namespace ron::ops {

using AdminParser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

/// `parser` has its whole header. `route` becomes the path of the route that was found, if any; it
/// is what is counted, so that no request can invent a label.
AdminAnswer answer_request(const AdminParser& parser, std::span<const AdminRoute> routes,
                           std::string_view& route);

}  // namespace ron::ops
