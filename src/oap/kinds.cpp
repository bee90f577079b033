// The message map itself, and frames around payloads.
#include "oap/kinds.hpp"

#include <cstring>

#include "base/check.hpp"
#include "oap/envelope.hpp"
#include "oap/fields.hpp"

namespace ron::oap {

Decoded<Message> read_message(ByteView payload) {
  if (payload.empty()) return faulty("payload is empty");  // OAP-2.8
  CborReader reader(payload);
  Message message;
  if (!reader.next(message.map)) return faulty(reader.fault());
  if (message.map.type != CborType::kMap) return faulty("payload is not a map");  // OAP-2.9
  if (!reader.at_end()) return faulty("bytes after the message");                 // OAP-2.18
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key != "kind") continue;
    if (!take(value, message.kind)) return faulty("kind is not text");  // OAP-2.9
    return message;
  }
  return faulty("kind is missing");  // OAP-2.9
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
