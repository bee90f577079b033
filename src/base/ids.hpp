// The identities that cross layers: values, never pointers to connection objects.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>

namespace ron {

/// 128 bits that keep tenants apart; 0 is the default tenant (docs/OAP-1.md section 1).
struct TenantId {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;
  friend constexpr auto operator<=>(const TenantId&, const TenantId&) = default;
  constexpr bool is_default() const { return hi == 0 && lo == 0; }
};

/// Correlates an answer with its request on one session; 0 means none.
using CorrId = std::uint64_t;

/// BLAKE3-256 of the node's public key (SubjectPublicKeyInfo).
using NodeId = std::array<std::uint8_t, 32>;

using ShardIndex = std::uint8_t;
inline constexpr unsigned kMaxShards = 64;

/// Names one session of one node: shard, slot and generation. A closed session's id never names
/// another session of the same slot until its 24-bit generation has gone round.
struct SessionId {
  std::uint64_t value = 0;

  static constexpr SessionId make(ShardIndex shard, std::uint32_t generation, std::uint32_t slot) {
    return {(std::uint64_t{shard} << 56U) | (std::uint64_t{generation & 0xffffffU} << 32U) | slot};
  }
  constexpr ShardIndex shard() const { return static_cast<ShardIndex>(value >> 56U); }
  constexpr std::uint32_t generation() const {
    return static_cast<std::uint32_t>(value >> 32U) & 0xffffffU;
  }
  constexpr std::uint32_t slot() const { return static_cast<std::uint32_t>(value); }
  friend constexpr auto operator<=>(SessionId, SessionId) = default;
};

}  // namespace ron

template <>
struct std::hash<ron::SessionId> {
  std::size_t operator()(ron::SessionId id) const noexcept {
    return static_cast<std::size_t>(id.value * 0x9e3779b97f4a7c15ULL);
  }
};
