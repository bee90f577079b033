#include "http_get.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <array>
#include <cerrno>
#include <charconv>

#include "cli/common/tool.hpp"
#include "net_address.hpp"

namespace ron::cli {
namespace {

using Clock = std::chrono::steady_clock;

class Exchange {
 public:
  Exchange(int fd, Clock::time_point until) : fd_(fd), until_(until) {}

  // Empty when all is well.
  std::string connect(const NetAddress& to) const {
    if (::connect(fd_, to.raw(), to.size) == 0) return {};
    if (errno != EINPROGRESS) return error_text(errno);
    if (!ready(POLLOUT)) return "no answer in time";
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0 ? std::string() : error_text(error);
  }

  bool send(std::string_view text) const {
    while (!text.empty()) {
      if (!ready(POLLOUT)) return false;
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Until the other side closes, or `most` is there.
  bool receive(std::string& into, std::size_t most) const {
    std::array<char, 16'384> part{};
    while (into.size() < most) {
      if (!ready(POLLIN)) return false;
      const ssize_t got = ::recv(fd_, part.data(), part.size(), 0);
      if (got < 0) return false;
      if (got == 0) return true;
      into.append(part.data(), static_cast<std::size_t>(got));
    }
    return true;
  }

 private:
  bool ready(short events) const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - Clock::now());
    if (left.count() <= 0) return false;
    pollfd poll{.fd = fd_, .events = events, .revents = 0};
    return ::poll(&poll, 1, static_cast<int>(left.count())) > 0;
  }

  int fd_;
  Clock::time_point until_;
};

std::expected<HttpAnswer, std::string> parse(const std::string& text, std::size_t most) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  const std::size_t end = text.find("\r\n\r\n");
  HttpAnswer out;
  if (!text.starts_with(kVersion) || end == std::string::npos ||
      std::from_chars(text.data() + kVersion.size(), text.data() + kVersion.size() + 3, out.status)
              .ec != std::errc()) {
    return std::unexpected("what answers there is not a node's admin listener");
  }
  out.body = text.substr(end + 4, most);
  return out;
}

}  // namespace

std::expected<HttpAnswer, std::string> http_get(const std::string& address, const std::string& path,
                                                std::chrono::milliseconds timeout,
                                                std::size_t most) {
  const auto to = parse_net_address(address);
  if (!to) return std::unexpected(to.error());
  const OwnedFd socket(
      ::socket(to->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket.open()) return std::unexpected(error_text(errno));
  const Exchange exchange(socket.value(), Clock::now() + timeout);
  if (std::string fault = exchange.connect(*to); !fault.empty())
    return std::unexpected(std::move(fault));
  constexpr std::size_t kHeaderMost = 8192;
  std::string text;
  if (!exchange.send("GET " + path + " HTTP/1.1\r\nHost: " + address +
                     "\r\nConnection: close\r\n\r\n") ||
      !exchange.receive(text, most + kHeaderMost)) {
    return std::unexpected("no answer in time");
  }
  return parse(text, most);
}

}  // namespace ron::cli
