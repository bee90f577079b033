#include "transport/plain_stream.hpp"

#include <algorithm>
#include <array>

namespace ron::transport {

HandshakeStatus PlainStream::handshake() {
  if (!connecting_) return HandshakeStatus::kDone;
  std::string why;
  switch (socket_.connect_progress(&why)) {
    case Socket::Progress::kWait: return HandshakeStatus::kWantWrite;
    case Socket::Progress::kDone: break;
    case Socket::Progress::kFailed:
      failed({.kind = FailureClass::kIo, .text = "cannot connect: " + why});
      return HandshakeStatus::kFailed;
  }
  connecting_ = false;
  return HandshakeStatus::kDone;
}

IoResult PlainStream::write(std::span<const IoPiece> pieces) {
  std::size_t wanted = 0;
  for (const IoPiece& piece : pieces) wanted += piece.size;
  if (wanted == 0) return {};
  IoResult result = socket_.send(pieces);
  // A short send means a full socket buffer (or more than 64 pieces): the next call tells.
  if (result.status == IoStatus::kOk && result.bytes < wanted && pieces.size() <= 64) {
    result.status = IoStatus::kWouldBlock;
  }
  return result;
}

IoResult PlainStream::shutdown_write() {
  socket_.finish();
  return {};
}

}  // namespace ron::transport
