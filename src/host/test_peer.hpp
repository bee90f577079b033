// For tests: a client that waits, and speaks just enough OAP/1 to try a host from outside.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "oap/kinds.hpp"
#include "oap/parser.hpp"
#include "transport/dialer.hpp"

namespace ron::host::test {

using namespace std::chrono_literals;

class Peer {
 public:
  /// Connects; nothing when that fails (see `error`).
  explicit Peer(const transport::DialTarget& target) {
    auto dialled = transport::dial(target, buffers_, 5s);
    if (dialled) {
      stream_ = std::move(*dialled);
    } else {
      error = dialled.error();
    }
  }

  bool connected() const { return stream_ != nullptr; }
  transport::Stream& stream() { return *stream_; }

  /// Writes a whole frame, waiting as needed.
  bool send(std::uint16_t flags, CorrId corr, const std::vector<std::uint8_t>& payload) {
    std::vector<std::uint8_t> frame(oap::kHeaderSize + payload.size());
    oap::Header header;
    header.len = oap::kLenMin + static_cast<std::uint32_t>(payload.size());
    header.flags = flags;
    header.corr = corr;
    oap::write_header(frame.data(), header);
    std::copy(payload.begin(), payload.end(), frame.begin() + oap::kHeaderSize);
    return send_raw(frame);
  }

  bool send_raw(ByteView bytes) {
    while (!bytes.empty()) {
      const IoPiece piece{bytes.data(), bytes.size()};
      const transport::IoResult done = stream_->write({&piece, 1});
      if (done.status == transport::IoStatus::kError) return false;
      bytes = bytes.subspan(done.bytes);
      if (done.status == transport::IoStatus::kWouldBlock &&
          !transport::wait_ready(*stream_, true, 5s)) {
        return false;
      }
    }
    return true;
  }

  /// The next frame; nothing at the end of the stream, an error, or after `limit`.
  std::optional<oap::Frame> next(std::chrono::nanoseconds limit = 5s) {
    for (;;) {
      auto frame = parser_.next(input_);
      if (!frame) return std::nullopt;
      if (*frame) return std::move(*frame);
      Slice room = Slice::allocate(64 * 1024, nullptr);
      const transport::IoResult got = stream_->read_into(room.mutable_bytes());
      last = got.status;
      if (got.status == transport::IoStatus::kOk) {
        input_ = room.sub(0, got.bytes);
      } else if (got.status != transport::IoStatus::kWouldBlock ||
                 !transport::wait_ready(*stream_, false, limit)) {
        return std::nullopt;
      }
    }
  }

  /// The next frame whose payload holds `text`; others are passed over.
  std::optional<oap::Frame> next_with(std::string_view text) {
    for (;;) {
      auto frame = next();
      if (!frame || as_text(frame->payload()).find(text) != std::string_view::npos) return frame;
    }
  }

  bool send_hello() {
    oap::Hello hello;
    hello.max_frame = oap::kMaxFrame;
    hello.version_1 = true;
    return send(oap::kReq, 1, oap::write_hello(hello));
  }

  /// hello and hello_ack.
  bool greet() { return send_hello() && next_with("hello_ack").has_value(); }

  bool subscribe(const std::string& pattern) {
    oap::SubOut sub;
    sub.topics = {pattern};
    return send(oap::kReq, 2, oap::write_sub(sub)) && next_with("ack").has_value();
  }

  bool publish(std::string_view topic, std::string_view text, CorrId ack = 0) {
    oap::GossipOut gossip;
    gossip.topic = topic;
    gossip.data = as_bytes(text);
    const auto flags =
        static_cast<std::uint16_t>(ack != 0 ? oap::kEvent | oap::kAckReq : oap::kEvent);
    return send(flags, ack, oap::write_gossip(gossip));
  }

  /// Publishes until the connection takes no more; returns how many bytes of data went out whole.
  std::size_t fill(std::string_view topic, std::string_view text) {
    oap::GossipOut gossip;
    gossip.topic = topic;
    gossip.data = as_bytes(text);
    const Slice frame = oap::make_frame(oap::kEvent, {}, 0, oap::write_gossip(gossip));
    for (std::size_t sent = 0;; ++sent) {
      const IoPiece piece{frame.data(), frame.size()};
      const transport::IoResult done = stream_->write({&piece, 1});
      if (done.bytes < frame.size()) return sent * text.size();
    }
  }

  /// The end of the stream, having discarded what came before.
  bool ended() {
    while (next()) {
    }
    return last == transport::IoStatus::kEof;
  }

  transport::DialError error{};
  transport::IoStatus last = transport::IoStatus::kOk;

 private:
  transport::TlsBuffers buffers_;
  std::unique_ptr<transport::Stream> stream_;
  oap::Parser parser_{oap::kMaxFrame, nullptr};
  Slice input_;
};

}  // namespace ron::host::test
