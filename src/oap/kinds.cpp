// The message map itself, and frames around payloads.
#include "oap/kinds.hpp"

#include <cstring>

#include "base/check.hpp"
#include "oap/cbor_check.hpp"
#include "oap/cbor_trusted.hpp"
#include "oap/envelope.hpp"
#include "oap/fields.hpp"

namespace ron::oap {

Decoded<Message> read_message(ByteView payload) {
  if (payload.empty()) return faulty("payload is empty");  // OAP-2.8
  const std::uint8_t* const start = payload.data();
  CborCheck check(start + payload.size());
  const std::uint8_t* const end = check.item(start, 1);
  if (end == nullptr) return faulty(check.fault());
  Message message{trusted_span(start, end), {}};
  if (message.map.type != CborType::kMap) return faulty("payload is not a map");  // OAP-2.9
  if (end != start + payload.size()) return faulty("bytes after the message");    // OAP-2.18
  if (check.kind() == nullptr) return faulty("kind is missing");                  // OAP-2.9
  CborItem kind;
  trusted_item(check.kind(), kind);
  if (!take(kind, message.kind)) return faulty("kind is not text");  // OAP-2.9
  return message;
}

Slice make_frame(std::uint16_t flags, TenantId tenant, CorrId corr, ByteView payload,
                 SlabMeter* meter) {
  RON_CHECK(payload.size() <= UINT32_MAX - kLenMin);
  Header header;
  header.len = kLenMin + static_cast<std::uint32_t>(payload.size());  // OAP-1.6
  header.flags = flags;
  header.tenant = tenant;
  header.corr = corr;
  Slice frame = Slice::allocate(header.wire_size(), meter);
  std::uint8_t* at = frame.mutable_bytes().data();
  write_header(at, header);
  if (!payload.empty()) std::memcpy(at + kHeaderSize, payload.data(), payload.size());
  return frame;
}

}  // namespace ron::oap
