#include "transport/listener.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ron::transport {
namespace {

using Done = std::expected<void, std::string>;

Socket spare_descriptor() { return Socket(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

std::string failed(const std::string& what) { return what + ": " + error_text(errno); }

std::string listen_advice(const Address& at) {
  const int error = errno;
  std::string text = "cannot listen on " + at.text() + ": " + error_text(error);
  if (error == EADDRINUSE) text += " (is another node running? take port 0 for any free one)";
  if (error == EACCES) text += " (ports below 1024 need privilege)";
  return text;
}

// With `shared` others may pass through the directory and connect; who they are is asked of the
// kernel. Nobody else may ever write there.
Done prepare_directory(const std::string& path, bool shared) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) {
    return std::unexpected(path +
                           ": the socket needs a directory of its own, as in "
                           "/run/svc-overlay/overlay.sock");
  }
  const std::string directory = path.substr(0, slash);
  const bool made = ::mkdir(directory.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) {
    return std::unexpected(failed("cannot make " + directory));
  }
  struct stat info{};
  if (::stat(directory.c_str(), &info) != 0) {
    return std::unexpected(failed("cannot inspect " + directory));
  }
  if (made && shared) {
    ::chmod(directory.c_str(), 0711);  // whatever the umask was
    return {};
  }
  if ((info.st_mode & (shared ? 022U : 077U)) != 0) {
    return std::unexpected(directory + " is open to others: run  chmod " +
                           (shared ? "711 " : "700 ") + directory);
  }
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    return std::unexpected(directory + " belongs to another user: run  chown " +
                           std::to_string(::geteuid()) + " " + directory);
  }
  return {};
}

// A socket file that a dead process left is removed; a living one, or no socket at all, is not.
Done clear_stale(const std::string& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return std::unexpected(failed("cannot inspect " + path));
  }
  if (!S_ISSOCK(info.st_mode)) {
    return std::unexpected(path + " exists and is not a socket: move it away");
  }
  int error = 0;
  const bool answered = Socket::connect_unix(path, &error).has_value();
  const bool dead = !answered && (error == ECONNREFUSED || error == ENOENT);
  if (!dead) return std::unexpected(path + ": another process listens there");
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return std::unexpected(failed("cannot remove the stale " + path));
  }
  return {};
}

// With SO_REUSEPORT a second node would share the port in silence. A bind without it tells.
Done check_free(const Address& at) {
  const Socket probe(::socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!probe.is_open()) return std::unexpected("cannot make a socket: " + error_text(errno));
  const int one = 1;
  ::setsockopt(probe.fd(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (at.family() == AF_INET6)
    ::setsockopt(probe.fd(), IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (::bind(probe.fd(), at.data(), at.size()) != 0) return std::unexpected(listen_advice(at));
  return {};
}

}  // namespace

std::expected<Listener, std::string> Listener::tcp(const Address& at, const TcpOptions& options) {
  if (options.reuse_port && options.first) {
    if (auto ok = check_free(at); !ok) return std::unexpected(ok.error());
  }
  Listener made;
  made.spare_ = spare_descriptor();
  made.socket_ = Socket(::socket(at.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int fd = made.fd();
  if (fd < 0) return std::unexpected(failed("cannot make a socket"));
  const int one = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (options.reuse_port) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  if (at.family() == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (::bind(fd, at.data(), at.size()) != 0 || ::listen(fd, options.backlog) != 0) {
    return std::unexpected(listen_advice(at));
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return std::unexpected(failed("cannot inspect the socket"));
  }
  made.bound_ = Address(reinterpret_cast<const sockaddr*>(&bound), size);
  return made;
}

std::expected<Listener, std::string> Listener::unix_socket(const std::string& path,
                                                           std::vector<std::uint32_t> allow_uids,
                                                           int backlog) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof at.sun_path) {
    return std::unexpected("'" + path + "': a socket path has 1 to 107 bytes");
  }
  std::memcpy(at.sun_path, path.c_str(), path.size() + 1);
  const bool shared = !allow_uids.empty();
  if (auto ok = prepare_directory(path, shared); !ok) return std::unexpected(ok.error());
  if (auto ok = clear_stale(path); !ok) return std::unexpected(ok.error());

  Listener made;
  made.spare_ = spare_descriptor();
  made.socket_ = Socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made.socket_.is_open()) return std::unexpected(failed("cannot make a socket"));
  // The directory is private, or everybody is asked who they are: nothing comes in before chmod.
  if (::bind(made.fd(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    return std::unexpected(failed("cannot listen on " + path));
  }
  made.path_ = path;
  if (::chmod(path.c_str(), shared ? 0666 : 0600) != 0 || ::listen(made.fd(), backlog) != 0) {
    return std::unexpected(failed("cannot listen on " + path));
  }
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return std::unexpected(failed("cannot inspect " + path));
  made.device_ = info.st_dev;
  made.inode_ = info.st_ino;
  made.allow_uids_ = std::move(allow_uids);
  return made;
}

Listener::~Listener() { close(); }

bool Listener::intact() const {
  if (!socket_.is_open()) return false;
  if (!is_unix()) return true;
  struct stat info{};
  return ::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_;
}

void Listener::close() {
  if (is_unix() && intact()) ::unlink(path_.c_str());
  socket_.close();
  spare_.close();
}

std::string Listener::text() const { return is_unix() ? path_ : bound_.text(); }

bool Listener::allowed(std::uint32_t uid) const {
  return uid == 0 || uid == ::geteuid() || std::ranges::find(allow_uids_, uid) != allow_uids_.end();
}

void Listener::shed_one() {
  spare_.close();
  Socket(::accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC)).close();
  spare_ = spare_descriptor();
}

std::expected<Accepted, AcceptProblem> Listener::accept() {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  Accepted accepted;
  accepted.socket = Socket(
      ::accept4(fd(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!accepted.socket.is_open()) {
    switch (errno) {
      case EAGAIN: return std::unexpected(AcceptProblem::kNone);
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM: shed_one(); return std::unexpected(AcceptProblem::kNoFiles);
      default: return std::unexpected(AcceptProblem::kGone);
    }
  }
  if (is_unix()) {
    ucred peer{};
    socklen_t peer_size = sizeof peer;
    if (::getsockopt(accepted.socket.fd(), SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) != 0 ||
        !allowed(peer.uid)) {
      return std::unexpected(AcceptProblem::kRefused);
    }
    accepted.uid = peer.uid;
    return accepted;
  }
  accepted.peer = Address(reinterpret_cast<const sockaddr*>(&from), size);
  accepted.socket.set_no_delay();
  return accepted;
}

}  // namespace ron::transport
