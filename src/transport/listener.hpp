// Listening sockets: TCP (one a shard, SO_REUSEPORT) and Unix (private by permissions and uid).
//
// `accept` never waits. Out of descriptors, it uses a spare one to take the connection and close
// it, so that the backlog moves and the other side learns; the owner then pauses accepting.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "transport/address.hpp"
#include "transport/socket.hpp"

namespace ron::transport {

struct Accepted {
  Socket socket;
  Address peer;           // of a TCP connection
  std::uint32_t uid = 0;  // of a Unix connection
};

enum class AcceptProblem : std::uint8_t {
  kNone,     // nobody waits any more
  kNoFiles,  // the process or the machine is out of descriptors: pause
  kRefused,  // a Unix user who is not allowed; already closed
  kGone,     // the other side gave up, or the kernel had an error of that connection: go on
};

class Listener {
 public:
  struct TcpOptions {
    int backlog = 1024;
    bool reuse_port = true;  // several listeners of this process share the port ...
    bool first = true;       // ... and this is the first, so nobody else may be there
  };
  static std::expected<Listener, std::string> tcp(const Address& at, const TcpOptions& options);

  /// The directory is made if it is missing (0700), and must not be open to others; the socket gets
  /// 0600. With `allow_uids` others have to reach it: 0711 and 0666, and the kernel says who they
  /// are. A socket file nobody answers on is replaced; anything else there is an error. Besides
  /// `allow_uids`, this process's user and root may connect.
  static std::expected<Listener, std::string> unix_socket(const std::string& path,
                                                          std::vector<std::uint32_t> allow_uids,
                                                          int backlog = 128);

  Listener(Listener&&) = default;
  Listener& operator=(Listener&&) = default;
  ~Listener();

  std::expected<Accepted, AcceptProblem> accept();

  int fd() const { return socket_.fd(); }
  bool is_unix() const { return !path_.empty(); }
  const Address& bound() const { return bound_; }  // with the real port
  /// "127.0.0.1:9500" or the path.
  std::string text() const;
  /// Can anybody still come? A Unix listener whose socket file was removed or replaced is deaf.
  bool intact() const;
  /// Stops listening; removes the socket file, if it is still this listener's.
  void close();

 private:
  Listener() = default;
  bool allowed(std::uint32_t uid) const;
  void shed_one();

  Socket socket_;
  Socket spare_;
  Address bound_;
  std::string path_;
  std::uint64_t device_ = 0, inode_ = 0;  // of the socket file
  std::vector<std::uint32_t> allow_uids_;
};

}  // namespace ron::transport
