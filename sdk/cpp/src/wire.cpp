#include "wire.hpp"

#include <algorithm>
#include <array>

#include "transport/plain_stream.hpp"

namespace ron::sdk::detail {
namespace {

using transport::FailureClass;
using transport::IoStatus;
using namespace std::chrono_literals;

constexpr std::size_t kReadSize = 64U * 1024;
constexpr int kReadsATurn = 8;
constexpr int kWritesATurn = 8;
constexpr std::size_t kPieces = 64;
constexpr std::size_t kWriteSize = 256U * 1024;
constexpr Duration kAddressShare = 3s;  // a silent address must not use up the others' time
constexpr Duration kResolveMost = 5s;

}  // namespace

Wire::Wire(runtime::Loop& loop, session::Client& machine, session::ClientActions& actions,
           Target target, std::shared_ptr<const crypto::TlsContext> tls)
    : loop_(loop),
      machine_(machine),
      actions_(actions),
      target_(std::move(target)),
      tls_(std::move(tls)) {}

Wire::~Wire() { drop(); }

void Wire::obey(const session::ClientOrder& order, Instant now) {
  using Kind = session::ClientOrder::Kind;
  switch (order.kind) {
    case Kind::kDial: dial(order, now); break;
    case Kind::kFlush: flush_wanted_ = true; break;
    case Kind::kFinishWrite: finish_wanted_ = true; break;
    case Kind::kClose:
      if (order.attempt == attempt_) drop();
      break;
    case Kind::kResume: can_read_ = true; break;
  }
}

void Wire::dial(const session::ClientOrder& order, Instant now) {
  drop();
  attempt_ = order.attempt;
  dialled_ = {target_.at, target_.path, tls_};
  if (target_.kind == Target::Kind::kUnix) {
    auto socket = transport::Socket::connect_unix(target_.path);
    if (!socket) return dial_failed(target_.path + ": " + socket.error(), true, now);
    adopt(std::make_unique<transport::PlainStream>(
        std::move(*socket), transport::StreamFacts{.kind = transport::StreamKind::kUnix}));
    return;
  }
  if (!order.alt.empty()) {
    if (const auto alt = transport::split_host_port(order.alt); alt && alt->port != 0) {
      dialled_.at = *alt;
    }
  }
  phase_ = Phase::kResolving;
  const auto text = dialled_.at.host.find(':') == std::string::npos
                        ? dialled_.at.host + ":" + std::to_string(dialled_.at.port)
                        : "[" + dialled_.at.host + "]:" + std::to_string(dialled_.at.port);
  if (transport::Address::parse(text) || dialled_.at.host == "localhost") {
    return resolved(attempt_, transport::resolve(dialled_.at, kResolveMost));
  }
  resolver_ = std::jthread([this, at = dialled_.at, attempt = attempt_] {
    auto found = transport::resolve(at, kResolveMost);
    loop_.post([this, attempt, found = std::move(found)]() mutable {
      resolved(attempt, std::move(found));
    });
  });
}

void Wire::resolved(std::uint32_t attempt,
                    std::expected<std::vector<transport::Address>, std::string> found) {
  if (attempt != attempt_ || phase_ != Phase::kResolving) return;
  const Instant now = runtime::monotonic_now();
  if (!found) return dial_failed(found.error(), true, now);
  addresses_ = std::move(*found);
  std::ranges::reverse(addresses_);  // taken from the back
  try_address(now);
}

void Wire::try_address(Instant now) {
  if (addresses_.empty()) return dial_failed("no address", true, now);
  const transport::Address address = addresses_.back();
  addresses_.pop_back();
  address_until_ = addresses_.empty() ? Instant::never() : now + kAddressShare;
  auto stream = transport::start(dialled_, address, buffers_);
  if (!stream) return address_failed(stream.error().text, stream.error().kind, now);
  adopt(std::move(*stream));
}

void Wire::adopt(std::unique_ptr<transport::Stream> stream) {
  stream_ = std::move(stream);
  watch_ = runtime::Watch(loop_, stream_->fd(), *this);
  phase_ = Phase::kConnecting;
  can_read_ = can_write_ = true;
}

void Wire::shake_hands(Instant now) {
  switch (stream_->handshake()) {
    case transport::HandshakeStatus::kDone: return opened(now);
    case transport::HandshakeStatus::kWantRead:
      can_read_ = can_write_ = false;
      return watch_.want_read();
    case transport::HandshakeStatus::kWantWrite:
      can_read_ = can_write_ = false;
      return watch_.want_write();
    case transport::HandshakeStatus::kFailed:
      return address_failed(stream_->failure().text, stream_->failure().kind, now);
  }
}

void Wire::opened(Instant now) {
  phase_ = Phase::kOpen;
  was_open_ = true;
  address_until_ = Instant::never();
  facts_ = stream_->facts();
  can_read_ = can_write_ = true;
  const bool local = facts_.kind == transport::StreamKind::kUnix;
  machine_.handle(session::Opened{attempt_, facts_.hybrid, local}, now, actions_);
}

// By value: the text may be the stream's own, which goes first.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void Wire::address_failed(std::string text, FailureClass kind, Instant now) {
  const bool answered = kind != FailureClass::kIo && kind != FailureClass::kNone;
  watch_ = {};
  stream_.reset();
  phase_ = Phase::kResolving;
  if (!answered && !addresses_.empty()) return try_address(now);
  const std::string where = dialled_.at.host + ":" + std::to_string(dialled_.at.port);
  // A node that answers but cannot be accepted will not be acceptable in a second. One that was
  // acceptable before may be again: its certificate is perhaps being replaced.
  dial_failed(where + ": " + text, !answered || was_open_, now);
}

void Wire::dial_failed(std::string text, bool retryable, Instant now) {
  drop();
  machine_.handle(session::DialFailed{attempt_, std::move(text), retryable}, now, actions_);
}

void Wire::turn(Instant now) {
  if (phase_ == Phase::kConnecting) {
    if (can_read_ || can_write_) shake_hands(now);
    if (phase_ == Phase::kConnecting && address_until_ <= now) {
      address_failed("no answer in time", FailureClass::kIo, now);
    }
  }
  if (phase_ == Phase::kOpen && can_read_) read(now);
  if (phase_ == Phase::kOpen && can_write_) write(now);
}

bool Wire::busy() const {
  if (phase_ == Phase::kConnecting) return can_read_ || can_write_;
  if (phase_ != Phase::kOpen) return false;
  return (can_read_ && machine_.wants_read()) || (can_write_ && (flush_wanted_ || finish_wanted_));
}

void Wire::read(Instant now) {
  const std::uint32_t attempt = attempt_;
  for (int i = 0; i < kReadsATurn && machine_.wants_read(); ++i) {
    if (buffer_.empty() || !buffer_.unique()) buffer_ = Slice::allocate(kReadSize, nullptr);
    const transport::IoResult got = stream_->read_into(buffer_.mutable_bytes());
    switch (got.status) {
      case IoStatus::kOk:
        machine_.received(buffer_.sub(0, got.bytes), now, actions_);
        if (attempt != attempt_ || phase_ != Phase::kOpen) return;
        continue;
      case IoStatus::kWouldBlock: can_read_ = false; return watch_.want_read();
      case IoStatus::kEof:
        can_read_ = false;
        machine_.handle(session::PeerFinished{attempt_}, now, actions_);
        return;
      case IoStatus::kError: return lost(now);
    }
  }
}

void Wire::write(Instant now) {
  for (int i = 0; i < kWritesATurn; ++i) {
    if (!write_some(now)) return;
  }
}

// True while more may go at once.
bool Wire::write_some(Instant now) {
  std::array<IoPiece, kPieces> wanted;
  const std::size_t count =
      flush_wanted_ || finish_wanted_ ? machine_.gather(wanted, kWriteSize, now) : 0;
  transport::IoResult result;
  if (count > 0) {
    result = stream_->write(std::span(wanted.data(), count));
    if (result.bytes > 0) machine_.wrote(result.bytes, now, actions_);
  } else {
    flush_wanted_ = false;
    if (stream_->wants_write()) {
      result = stream_->flush();
    } else if (finish_wanted_) {
      result = stream_->shutdown_write();
      if (result.status == IoStatus::kOk) finish_wanted_ = false;
    }
  }
  if (result.status == IoStatus::kWouldBlock) {
    can_write_ = false;
    watch_.want_write();
    return false;
  }
  if (result.status == IoStatus::kError) {
    lost(now);
    return false;
  }
  return count > 0;
}

void Wire::lost(Instant now) {
  std::string text = stream_->failure().text;
  if (text.empty()) text = "the connection was lost";
  const std::uint32_t attempt = attempt_;
  drop();
  machine_.handle(session::StreamLost{attempt, std::move(text)}, now, actions_);
}

void Wire::drop() {
  watch_ = {};
  if (stream_) stream_->close();
  stream_.reset();
  addresses_.clear();
  phase_ = Phase::kNone;
  address_until_ = Instant::never();
  can_read_ = can_write_ = flush_wanted_ = finish_wanted_ = false;
}

}  // namespace ron::sdk::detail
