#include "admin.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <nlohmann/json.hpp>

#include <charconv>
#include <iterator>

namespace ron::smoke {

std::expected<AdminAddress, std::string> parse_admin(std::string_view text) {
  std::string_view rest = text;
  if (rest.starts_with("http://")) rest.remove_prefix(7);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const std::size_t colon = rest.rfind(':');
  unsigned port = 0;
  const std::string_view digits = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port > 65535 || colon == 0)
    return std::unexpected("'" + std::string(text) + "': use http://HOST:PORT");
  std::string_view host = rest.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return AdminAddress{std::string(host), std::string(digits)};
}

std::expected<Answer, std::string> get(const AdminAddress& at, std::string_view path,
                                       std::chrono::milliseconds limit) {
  boost::asio::ip::tcp::iostream stream;
  stream.expires_after(limit);
  stream.connect(at.host, at.port);
  if (!stream) return std::unexpected(stream.error().message());
  stream << "GET " << path << " HTTP/1.1\r\nHost: " << at.host << "\r\nConnection: close\r\n\r\n"
         << std::flush;
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  Answer answer = parse_answer(text);
  if (answer.status == 0) return std::unexpected("no answer from " + at.host + ":" + at.port);
  return answer;
}

Answer parse_answer(std::string_view text) {
  constexpr std::string_view kStart = "HTTP/1.1 ";
  const std::size_t body = text.find("\r\n\r\n");
  if (!text.starts_with(kStart) || body == std::string_view::npos) return {};
  Answer answer;
  const std::string_view digits = text.substr(kStart.size(), 3);
  std::from_chars(digits.data(), digits.data() + digits.size(), answer.status);
  answer.body = text.substr(body + 4);
  return answer;
}

double metric(std::string_view page, std::string_view name) {
  double sum = 0;
  while (!page.empty()) {
    const std::size_t end = page.find('\n');
    const std::string_view line = page.substr(0, end);
    page.remove_prefix(end == std::string_view::npos ? page.size() : end + 1);
    if (!line.starts_with(name)) continue;
    const std::string_view rest = line.substr(name.size());
    if (!rest.starts_with(' ') && !rest.starts_with('{')) continue;
    const std::size_t space = line.rfind(' ');
    double value = 0;
    std::from_chars(line.data() + space + 1, line.data() + line.size(), value);
    sum += value;
  }
  return sum;
}

std::string cause_of(const Answer& answer) {
  const auto body = nlohmann::json::parse(answer.body, nullptr, false);
  if (!body.is_object() || !body.contains("missing") || !body["missing"].is_array())
    return "status " + std::to_string(answer.status) + ": " + answer.body;
  std::string text;
  for (const auto& gate : body["missing"]) {
    if (gate.is_string()) text += (text.empty() ? "" : ",") + gate.get<std::string>();
  }
  return text;
}

}  // namespace ron::smoke
