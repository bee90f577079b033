// Outgoing streams: TCP, Unix, TLS over TCP.
//
// `start` gives a stream that is still connecting; its owner drives `handshake`. `dial` does all of
// it and waits, for clients that have a thread to spend. Names are resolved on a thread of their
// own, because the system's resolver cannot be interrupted: whoever waits leaves at the deadline.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "crypto/tls_context.hpp"
#include "transport/stream.hpp"
#include "transport/tls_stream.hpp"

namespace ron::transport {

using Addresses = std::expected<std::vector<Address>, std::string>;

/// Addresses of `host`, in the system's order of preference, within `limit`. Numeric hosts and
/// "localhost" need no resolver.
Addresses resolve(const HostPort& target, std::chrono::nanoseconds limit);

/// The same for threads that may not wait: `done` is called once, now or later on another thread,
/// where it must be short. At most 64 names wait at a time; more is an error at once.
void resolve_later(const HostPort& target, std::function<void(Addresses)> done);

struct DialTarget {
  HostPort at;                                    // TCP
  std::string unix_path;                          // or this
  std::shared_ptr<const crypto::TlsContext> tls;  // a client context; null = plain
};

struct DialError {
  std::string text;
  FailureClass kind = FailureClass::kIo;
  int alert = -1;
};

/// Begins to connect to one address. `buffers` must outlive a TLS stream.
std::expected<std::unique_ptr<Stream>, DialError> start(const DialTarget& target,
                                                        const Address& address,
                                                        TlsBuffers& buffers);

/// Resolves, tries the addresses in turn, connects and shakes hands; waits at most `limit`.
std::expected<std::unique_ptr<Stream>, DialError> dial(const DialTarget& target,
                                                       TlsBuffers& buffers,
                                                       std::chrono::nanoseconds limit);

/// Waits until `stream` is readable or writable, or `limit` is over (then false).
bool wait_ready(const Stream& stream, bool for_write, std::chrono::nanoseconds limit);

}  // namespace ron::transport
