#include "ron/message.hpp"

#include "oap/kinds.hpp"

namespace ron::sdk {

Headers MessageView::headers() const {
  Headers found;
  const auto message = oap::read_message(ron::as_bytes(raw));
  if (!message) return found;
  oap::CborMap map(message->map);
  std::string_view key;
  oap::CborItem value;
  while (map.next(key, value)) {
    if (key != "hdr" || value.type != oap::CborType::kMap) continue;
    oap::CborMap pairs(value);
    oap::CborItem text;
    std::string_view header;
    while (pairs.next(header, text)) {
      if (text.type == oap::CborType::kText) found.emplace_back(header, text.text());
    }
  }
  return found;
}

}  // namespace ron::sdk
