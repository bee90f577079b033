#include "transport/socket.hpp"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace ron::transport {

static_assert(sizeof(IoPiece) == sizeof(iovec) &&
              offsetof(IoPiece, data) == offsetof(iovec, iov_base) &&
              offsetof(IoPiece, size) == offsetof(iovec, iov_len));

namespace {

constexpr std::size_t kPiecesMax = 64;

bool is_wait(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

std::string error_text(int error) { return std::generic_category().message(error); }

void Socket::close() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

IoResult Socket::receive(MutableBytes into) const noexcept {
  for (;;) {
    const ssize_t got = ::recv(fd_, into.data(), into.size(), 0);
    if (got > 0) {
      const auto bytes = static_cast<std::size_t>(got);
      return {.status = IoStatus::kOk, .bytes = bytes, .more = bytes == into.size()};
    }
    if (got == 0) return {.status = IoStatus::kEof};
    if (errno == EINTR) continue;
    return {.status = is_wait(errno) ? IoStatus::kWouldBlock : IoStatus::kError};
  }
}

IoResult Socket::send(std::span<const IoPiece> pieces) noexcept {
  msghdr message{};
  message.msg_iov = reinterpret_cast<iovec*>(const_cast<IoPiece*>(pieces.data()));
  message.msg_iovlen = std::min(pieces.size(), kPiecesMax);
  const bool single = pieces.size() == 1;  // spares the kernel the message's header
  for (;;) {
    const ssize_t sent = single ? ::send(fd_, pieces[0].data, pieces[0].size, MSG_NOSIGNAL)
                                : ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (sent >= 0) return {.status = IoStatus::kOk, .bytes = static_cast<std::size_t>(sent)};
    if (errno == EINTR) continue;
    return {.status = is_wait(errno) ? IoStatus::kWouldBlock : IoStatus::kError};
  }
}

void Socket::finish() const noexcept { ::shutdown(fd_, SHUT_WR); }

void Socket::set_no_delay() const noexcept {
  const int one = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

std::expected<Socket, std::string> Socket::connect(const Address& to) {
  Socket socket(::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return std::unexpected("cannot make a socket: " + error_text(errno));
  socket.set_no_delay();
  if (::connect(socket.fd(), to.data(), to.size()) != 0 && errno != EINPROGRESS) {
    return std::unexpected("cannot connect to " + to.text() + ": " + error_text(errno));
  }
  return socket;
}

std::expected<Socket, std::string> Socket::connect_unix(const std::string& path, int* error) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (path.size() >= sizeof at.sun_path) {
    return std::unexpected(path + ": a socket path has at most 107 bytes");
  }
  std::memcpy(at.sun_path, path.c_str(), path.size() + 1);
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return std::unexpected("cannot make a socket: " + error_text(errno));
  // A Unix connect does not go on in the background: EAGAIN means the backlog is full.
  if (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    const int why = errno;
    if (error != nullptr) *error = why;
    return std::unexpected("cannot connect to " + path + ": " + error_text(why));
  }
  return socket;
}

Socket::Progress Socket::connect_progress(std::string* why) const {
  pollfd wait{.fd = fd_, .events = POLLOUT, .revents = 0};
  if (::poll(&wait, 1, 0) <= 0) return Progress::kWait;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0) return Progress::kDone;
  *why = error_text(error);
  return Progress::kFailed;
}

}  // namespace ron::transport
