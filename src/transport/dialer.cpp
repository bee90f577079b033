#include "transport/dialer.hpp"

#include <poll.h>

#include <algorithm>

#include "transport/plain_stream.hpp"

namespace ron::transport {
namespace {

using Clock = std::chrono::steady_clock;
using Dialled = std::expected<std::unique_ptr<Stream>, DialError>;

Dialled shake_hands(std::unique_ptr<Stream> stream, Clock::time_point deadline) {
  for (;;) {
    switch (const HandshakeStatus status = stream->handshake(); status) {
      case HandshakeStatus::kDone: return stream;
      case HandshakeStatus::kFailed: {
        const Failure& failure = stream->failure();
        return std::unexpected(
            DialError{.text = failure.text, .kind = failure.kind, .alert = failure.alert});
      }
      case HandshakeStatus::kWantRead:
      case HandshakeStatus::kWantWrite:
        if (!wait_ready(*stream, status == HandshakeStatus::kWantWrite, deadline - Clock::now())) {
          return std::unexpected(DialError{.text = "no answer in time"});
        }
    }
  }
}

Dialled dial_unix(const std::string& path) {
  auto socket = Socket::connect_unix(path);
  if (!socket) return std::unexpected(DialError{.text = socket.error()});
  return std::make_unique<PlainStream>(std::move(*socket), StreamFacts{.kind = StreamKind::kUnix});
}

}  // namespace

bool wait_ready(const Stream& stream, bool for_write, std::chrono::nanoseconds limit) {
  const short events = for_write ? POLLOUT : POLLIN;
  pollfd wait{.fd = stream.fd(), .events = events, .revents = 0};
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
  return ::poll(&wait, 1, static_cast<int>(std::clamp<long>(ms, 0, 1'000'000))) > 0;
}

Dialled start(const DialTarget& target, const Address& address, TlsBuffers& buffers) {
  auto socket = Socket::connect(address);
  if (!socket) return std::unexpected(DialError{.text = socket.error()});
  StreamFacts facts{.kind = StreamKind::kTcp};
  if (target.tls == nullptr) {
    return std::make_unique<PlainStream>(std::move(*socket), std::move(facts), true);
  }
  TlsStreamOptions options{
      .context = target.tls, .server_name = target.at.host, .connecting = true};
  return std::make_unique<TlsStream>(std::move(*socket), std::move(facts), std::move(options),
                                     buffers);
}

Dialled dial(const DialTarget& target, TlsBuffers& buffers, std::chrono::nanoseconds limit) {
  if (!target.unix_path.empty()) return dial_unix(target.unix_path);
  const Clock::time_point deadline = Clock::now() + limit;
  const auto addresses = resolve(target.at, limit);
  if (!addresses) return std::unexpected(DialError{.text = addresses.error()});
  DialError last{.text = "no address"};
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    // A silent address must not use up the time of those after it.
    const auto share = (deadline - Clock::now()) / static_cast<long>(addresses->size() - i);
    auto started = start(target, (*addresses)[i], buffers);
    if (started) started = shake_hands(std::move(*started), Clock::now() + share);
    if (started) return started;
    last = std::move(started.error());
    last.text = (*addresses)[i].text() + ": " + last.text;
    if (last.kind != FailureClass::kIo) break;  // it answered, and said no
  }
  return std::unexpected(std::move(last));
}

}  // namespace ron::transport
