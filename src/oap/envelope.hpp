// The fixed 31 bytes in front of every payload (docs/OAP-1.md section 1).
//
//   len u32 | ver u8 | flags u16 | tenant u128 | corr u64 | payload
//
// Numbers are big-endian; len counts what follows it: 27 + payload.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"
#include "base/ids.hpp"

namespace ron::oap {

inline constexpr std::size_t kHeaderSize = 31;
inline constexpr std::size_t kLenSize = 4;
inline constexpr std::uint32_t kLenMin = 27;  // len of a frame without payload
inline constexpr std::uint8_t kVersion = 1;
// OAP-1.11 OAP-1.14
inline constexpr std::uint32_t kMaxFrame = 1U << 20U;  // payload bytes, wire and decompressed
inline constexpr std::uint32_t kMaxPeerFrame = kMaxFrame + 4096;  // between peers (section 9)
inline constexpr std::uint32_t kMinMaxFrame = 1024;               // the least a hello may announce
inline constexpr std::uint32_t kMaxHello = 16U * 1024;  // payload bytes of the first frame

/// Flag bits. Exactly one of the first three stands in a frame; bits 5..15 are ignored.
enum Flag : std::uint16_t {
  kReq = 1U << 0U,
  kResp = 1U << 1U,
  kEvent = 1U << 2U,
  kComp = 1U << 3U,
  kAckReq = 1U << 4U,
};
inline constexpr std::uint16_t kKnownFlags = kReq | kResp | kEvent | kComp | kAckReq;

struct Header {
  std::uint32_t len = kLenMin;
  std::uint8_t ver = kVersion;
  std::uint16_t flags = 0;  // reserved bits already masked off
  TenantId tenant;
  CorrId corr = 0;

  std::uint32_t payload_size() const { return len - kLenMin; }
  std::size_t wire_size() const { return kLenSize + std::size_t{len}; }
  bool has(Flag flag) const { return (flags & flag) != 0; }
};

// Offsets of the fields in the header.
constexpr std::size_t kVerAt = 4;
constexpr std::size_t kFlagsAt = 5;
constexpr std::size_t kTenantAt = 7;
constexpr std::size_t kCorrAt = 23;

/// Reads 31 bytes. Does not judge them (see parser.hpp); only masks reserved flags.
// OAP-1.5 OAP-1.6 OAP-1.7 OAP-1.9 OAP-1.10
inline Header read_header(const std::uint8_t* at) {
  Header header;
  header.len = load_be<std::uint32_t>(at);
  header.ver = at[kVerAt];
  // OAP-1.8: reserved bits end here, so that nothing behind can copy them.
  header.flags = static_cast<std::uint16_t>(load_be<std::uint16_t>(at + kFlagsAt) & kKnownFlags);
  header.tenant.hi = load_be<std::uint64_t>(at + kTenantAt);
  header.tenant.lo = load_be<std::uint64_t>(at + kTenantAt + 8);
  header.corr = load_be<std::uint64_t>(at + kCorrAt);
  return header;
}

/// Writes 31 bytes; header.len must be set.
void write_header(std::uint8_t* at, const Header& header);

/// Overwrites the flags of an encoded frame in place, keeping everything else.
void rewrite_flags(std::uint8_t* frame, std::uint16_t flags);

}  // namespace ron::oap
