#include "oap/comp.hpp"

#include <zstd.h>

#include <algorithm>
#include <memory>

#include "oap/envelope.hpp"
#include "oap/zstd_header.hpp"

namespace ron::oap {
namespace {

constexpr int kLevel = 1;
constexpr int kWindowLogMax = 20;  // 1 MiB

struct Free {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

std::unexpected<WireError> refuse(Code code, std::string_view text) {
  return std::unexpected(WireError{.code = code, .text = text, .closes = true});  // OAP-1.46
}

// OAP-1.38 OAP-1.39 for an inflated size of at least `size`; where both break, the first is told:
// OAP-1.40.
std::optional<WireError> over_caps(std::uint64_t size, std::size_t compressed,
                                   std::uint32_t max_frame) {
  if (size > max_frame) return refuse(Code::kFrameTooLarge, "inflates over max_frame").error();
  if (size > std::uint64_t{kRatioCap} * compressed) {
    return refuse(Code::kRatioCap, "inflates over 10 times its size").error();
  }
  return std::nullopt;
}

using Bytes = std::vector<std::uint8_t>;

// The frame is inflated into `out` step by step. Output stops at the cap plus one byte, and that
// byte decides: OAP-1.41.
class Inflation {
 public:
  Inflation(ZSTD_DCtx* context, ByteView payload, std::uint32_t max_frame)
      : context_(context),
        payload_(payload),
        max_frame_(max_frame),
        limit_(std::min<std::size_t>(max_frame, payload.size() * kRatioCap)) {}

  std::expected<Bytes, WireError> run(std::optional<std::uint64_t> declared) {
    out_.resize(declared ? static_cast<std::size_t>(*declared)
                         : std::min(limit_, payload_.size() * kFirstRatio));
    ZSTD_inBuffer in{payload_.data(), payload_.size(), 0};
    for (;;) {
      ZSTD_outBuffer to{out_.data(), out_.size(), size_};
      const std::size_t left = ZSTD_decompressStream(context_, &to, &in);
      const bool moved = to.pos > size_;
      size_ = to.pos;
      if (ZSTD_isError(left) != 0) return refuse(Code::kBadFrame, "zstd frame is corrupt");
      if (auto fault = over_caps(size_, payload_.size(), max_frame_)) {
        return std::unexpected(*fault);
      }
      if (left == 0) break;
      if (size_ == out_.size()) {
        grow();
      } else if (in.pos == in.size && !moved) {
        return refuse(Code::kBadFrame, "zstd frame is cut short");  // OAP-1.49
      }
    }
    if (in.pos != in.size) {  // OAP-1.44
      return refuse(Code::kBadFrame, "bytes after the zstd frame");
    }
    out_.resize(size_);
    return std::move(out_);
  }

 private:
  static constexpr std::size_t kFirstRatio = 3;

  // One byte over the limit is room enough to see that the frame breaks it.
  void grow() { out_.resize(std::min(limit_ + 1, std::max<std::size_t>(2 * out_.size(), 64))); }

  ZSTD_DCtx* context_;
  ByteView payload_;
  std::uint32_t max_frame_;
  std::size_t limit_;
  Bytes out_;
  std::size_t size_ = 0;
};

}  // namespace

struct Inflater::Context {
  std::unique_ptr<ZSTD_DCtx, Free> zstd{ZSTD_createDCtx()};
};

Inflater::Inflater() = default;
Inflater::~Inflater() = default;

std::size_t Inflater::memory() const {
  return context_ == nullptr ? 0 : ZSTD_sizeof_DCtx(context_->zstd.get());
}

std::expected<std::vector<std::uint8_t>, WireError> Inflater::inflate(ByteView payload,
                                                                      std::uint32_t max_frame) {
  const auto header = read_zstd_header(payload);
  if (!header) return refuse(Code::kBadFrame, "not a zstd frame");  // OAP-1.37 OAP-1.43 OAP-1.48
  if (header->dictionary) return refuse(Code::kBadFrame, "zstd frame asks for a dictionary");
  if (header->content_size) {  // OAP-1.49: judged before any byte is inflated
    if (auto fault = over_caps(*header->content_size, payload.size(), max_frame)) {
      return std::unexpected(*fault);
    }
  }
  if (header->window_size > kMaxFrame) {  // OAP-1.45
    return refuse(Code::kBadFrame, "zstd window is over 1 MiB");
  }
  if (context_ == nullptr) context_ = std::make_unique<Context>();
  ZSTD_DCtx* const zstd = context_->zstd.get();
  if (zstd == nullptr) {
    context_ = nullptr;
    return refuse(Code::kInternal, "no memory to inflate");
  }
  ZSTD_DCtx_reset(zstd, ZSTD_reset_session_only);  // after a payload that was refused half-way
  ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, kWindowLogMax);
  auto inflated = Inflation(zstd, payload, max_frame).run(header->content_size);
  if (memory() > kKept) context_ = nullptr;
  return inflated;
}

std::expected<std::vector<std::uint8_t>, WireError> decompress(ByteView payload,
                                                               std::uint32_t max_frame) {
  return Inflater().inflate(payload, max_frame);
}

// OAP-1.47
std::optional<std::vector<std::uint8_t>> compress(ByteView payload) {
  if (payload.empty()) return std::nullopt;
  const std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
  if (context == nullptr) return std::nullopt;
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, kWindowLogMax);
  std::vector<std::uint8_t> out(payload.size() - 1);  // what does not fit does not pay
  const std::size_t size =
      ZSTD_compress2(context.get(), out.data(), out.size(), payload.data(), payload.size());
  if (ZSTD_isError(size) != 0) return std::nullopt;
  if (payload.size() > std::uint64_t{kRatioCap} * size) return std::nullopt;
  out.resize(size);
  return out;
}

}  // namespace ron::oap
