#include "transport/mem_stream.hpp"

#include <algorithm>
#include <cstring>

namespace ron::transport {
namespace {

struct Direction {
  std::vector<std::uint8_t> bytes;
  std::size_t capacity = 0;
  bool ended = false;   // its writer has finished or is gone
  bool broken = false;  // its reader is gone
};

class MemStream final : public Stream {
 public:
  MemStream(std::shared_ptr<Direction> in, std::shared_ptr<Direction> out)
      : Stream(StreamFacts{}), in_(std::move(in)), out_(std::move(out)) {}
  ~MemStream() override { MemStream::close(); }

  HandshakeStatus handshake() override { return HandshakeStatus::kDone; }

  IoResult read_into(MutableBytes into) override {
    if (closed_) return {.status = IoStatus::kError};
    if (in_->bytes.empty()) return {.status = in_->ended ? IoStatus::kEof : IoStatus::kWouldBlock};
    const std::size_t count = std::min(into.size(), in_->bytes.size());
    std::memcpy(into.data(), in_->bytes.data(), count);
    in_->bytes.erase(in_->bytes.begin(), in_->bytes.begin() + static_cast<std::ptrdiff_t>(count));
    return {.status = IoStatus::kOk, .bytes = count, .more = !in_->bytes.empty() || in_->ended};
  }

  IoResult write(std::span<const IoPiece> pieces) override {
    if (closed_ || out_->broken || out_->ended) return {.status = IoStatus::kError};
    IoResult result;
    for (const IoPiece& piece : pieces) {
      const std::size_t count = std::min(piece.size, out_->capacity - out_->bytes.size());
      const auto* from = static_cast<const std::uint8_t*>(piece.data);
      out_->bytes.insert(out_->bytes.end(), from, from + count);
      result.bytes += count;
      if (count < piece.size) {
        result.status = IoStatus::kWouldBlock;
        break;
      }
    }
    return result;
  }

  IoResult shutdown_write() override {
    out_->ended = true;
    return {};
  }
  void close() override {
    closed_ = true;
    out_->ended = true;
    in_->broken = true;
  }
  int fd() const override { return -1; }

 private:
  std::shared_ptr<Direction> in_, out_;
  bool closed_ = false;
};

}  // namespace

std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> mem_stream_pair(std::size_t capacity) {
  const auto there = std::make_shared<Direction>();
  const auto back = std::make_shared<Direction>();
  there->capacity = back->capacity = capacity;
  return {std::make_unique<MemStream>(back, there), std::make_unique<MemStream>(there, back)};
}

}  // namespace ron::transport
