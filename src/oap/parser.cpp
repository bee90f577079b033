#include "oap/parser.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/check.hpp"

namespace ron::oap {
namespace {

constexpr std::size_t kFirstBlock = 512;  // least capacity of an assembly block
constexpr std::size_t kBulk = 64U * 1024;
constexpr std::size_t kWorthDirect = 16U * 1024;  // of a frame to come: fewer are read with others

ParseFault fatal(Code code, std::string_view text, CorrId corr) {
  return {{.code = code, .text = text, .closes = true}, corr};
}

// OAP-1.21 OAP-1.22 OAP-1.23; empty when the flags are legal.
std::string_view flag_fault(const Header& header) {
  const auto what = static_cast<unsigned>(header.flags & (kReq | kResp | kEvent));
  if (std::popcount(what) != 1) return "not exactly one of REQ, RESP, EVENT";
  if (header.has(kReq) && header.corr == 0) return "REQ without a corr_id";
  if (!header.has(kAckReq)) return {};
  if (!header.has(kEvent)) return "ACKREQ without EVENT";
  if (header.corr == 0) return "ACKREQ without a corr_id";
  return {};
}

}  // namespace

// OAP-1.20: length, version, flags, in this order. Called with 4 bytes or with the whole header.
std::optional<ParseFault> Parser::judge(const std::uint8_t* at, std::size_t have) const {
  const auto len = load_be<std::uint32_t>(at);
  if (len < kLenMin) return fatal(Code::kBadFrame, "len is under 27", 0);  // OAP-1.18
  if (have < kHeaderSize) return std::nullopt;
  return judge(read_header(at));
}

std::optional<ParseFault> Parser::judge(const Header& header) const {
  if (header.payload_size() > max_payload_) {  // OAP-1.13 OAP-1.15 OAP-1.17
    return fatal(Code::kFrameTooLarge, "payload is over max_frame", header.corr);
  }
  if (header.ver != kVersion) {  // OAP-1.19
    return fatal(Code::kBadVersion, "version is not 1", header.corr);
  }
  const std::string_view fault = flag_fault(header);
  if (!fault.empty()) return fatal(Code::kBadFrame, fault, header.corr);  // OAP-1.24
  return std::nullopt;
}

Parser::Result Parser::die(const ParseFault& fault) {
  dead_ = true;
  have_ = 0;
  partial_ = {};
  return std::unexpected(fault);
}

Parser::Result Parser::next(Slice& input) {
  if (dead_) {
    input = {};
    return std::nullopt;
  }
  if (have_ > 0) return resume(input);
  if (input.size() < kHeaderSize) return resume(input);
  const Header header = read_header(input.data());
  const bool usual = header.len >= kLenMin && header.payload_size() <= max_payload_ &&
                     header.ver == kVersion && header.flags == kEvent;
  if (!usual) {
    if (auto fault = judge(input.data(), input.size())) return die(*fault);
  }
  if (input.size() < header.wire_size()) return resume(input);
  Frame frame{header, input.sub(0, header.wire_size())};
  input.drop_front(header.wire_size());
  return frame;
}

// Where the next decision falls: behind len, behind the header, behind the frame.
std::size_t Parser::goal() const {
  if (have_ < kLenSize) return kLenSize;
  if (have_ < kHeaderSize) return kHeaderSize;
  return kLenSize + std::size_t{load_be<std::uint32_t>(partial_.data())};
}

// OAP-1.16: payload bytes are taken only once the header has been judged.
Parser::Result Parser::resume(Slice& input) {
  for (;;) {
    const std::size_t want = goal();
    absorb(input, want - have_);
    if (have_ < want) return std::nullopt;
    if (want <= kHeaderSize) {
      if (auto fault = judge(partial_.data(), have_)) return die(*fault);
      if (goal() > have_) continue;
    }
    Frame frame{read_header(partial_.data()), partial_.sub(0, have_)};
    partial_ = {};
    have_ = 0;
    return frame;
  }
}

void Parser::absorb(Slice& input, std::size_t size) {
  const std::size_t step = std::min(size, input.size());
  if (step == 0) return;
  reserve(have_ + step);
  std::memcpy(partial_.mutable_bytes().data() + have_, input.data(), step);
  have_ += step;
  input.drop_front(step);
}

// At least `size` bytes of capacity, and never more than twice that (four times in bulk, where the
// copying would cost more than the room), one first block, or what the frame needs.
void Parser::reserve(std::size_t size) {
  if (size <= partial_.size()) return;
  std::size_t capacity = std::max((size < kBulk ? 2 : 4) * size, kFirstBlock);
  if (const auto len = announced_len(); len && have_ >= kHeaderSize) {
    capacity = std::max(size, std::min(capacity, kLenSize + std::size_t{*len}));
  }
  Slice bigger = Slice::allocate(capacity, meter_);
  if (have_ > 0) std::memcpy(bigger.mutable_bytes().data(), partial_.data(), have_);
  partial_ = std::move(bigger);
}

MutableBytes Parser::room() {
  if (dead_ || have_ < kHeaderSize) return {};
  const std::size_t end = goal();
  if (end - have_ < kWorthDirect) return {};
  if (have_ == partial_.size()) reserve(have_ + 1);
  return partial_.mutable_bytes().subspan(have_, std::min(partial_.size(), end) - have_);
}

void Parser::fill(std::size_t bytes) {
  RON_CHECK(have_ >= kHeaderSize && bytes <= std::min(partial_.size(), goal()) - have_);
  have_ += bytes;
}

std::optional<std::uint32_t> Parser::announced_len() const {
  if (have_ < kLenSize) return std::nullopt;
  return load_be<std::uint32_t>(partial_.data());
}

}  // namespace ron::oap
