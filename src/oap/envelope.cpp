#include "oap/envelope.hpp"

namespace ron::oap {
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
