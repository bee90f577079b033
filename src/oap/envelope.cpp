#include "oap/envelope.hpp"

namespace ron::oap {
namespace {

// Offsets of the fields in the header.
constexpr std::size_t kVerAt = 4;
constexpr std::size_t kFlagsAt = 5;
constexpr std::size_t kTenantAt = 7;
constexpr std::size_t kCorrAt = 23;

}  // namespace

// OAP-1.5 OAP-1.6 OAP-1.7 OAP-1.9 OAP-1.10
Header read_header(const std::uint8_t* at) {
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

// OAP-1.12: the vector of the text is written so.
void write_header(std::uint8_t* at, const Header& header) {
  store_be(at, header.len);
  at[kVerAt] = header.ver;
  rewrite_flags(at, header.flags);
  store_be(at + kTenantAt, header.tenant.hi);
  store_be(at + kTenantAt + 8, header.tenant.lo);
  store_be(at + kCorrAt, header.corr);
}

// OAP-1.8: reserved bits are sent as 0.
void rewrite_flags(std::uint8_t* frame, std::uint16_t flags) {
  store_be(frame + kFlagsAt, static_cast<std::uint16_t>(flags & kKnownFlags));
}

}  // namespace ron::oap
