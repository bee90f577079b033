// The CBOR reader against its naive twin: both accept or both refuse, they agree on what is
// canonical, and what was accepted can be walked (OAP-1 section 2).
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.hpp"
#include "oap/cbor.hpp"
#include "oap/cbor_model.hpp"
#include "oap/kinds.hpp"

namespace {

using namespace ron;
using namespace ron::oap;

// Walks an item through the cursors and compares it with the twin's tree.
void compare(const CborItem& item, const model::Value& value) {
  switch (item.type) {
    case CborType::kUint:
    case CborType::kNegative:
      RON_CHECK(value.major == (item.type == CborType::kUint ? 0 : 1));
      RON_CHECK(item.number == value.number);
      return;
    case CborType::kBytes:
    case CborType::kText:
      RON_CHECK(value.major == (item.type == CborType::kBytes ? 2 : 3));
      RON_CHECK(equal(item.bytes, value.text));
      return;
    case CborType::kBool:
    case CborType::kNull:
      RON_CHECK(value.major == 7);
      RON_CHECK(value.number == (item.type == CborType::kNull ? 22 : 20 + item.number));
      return;
    case CborType::kArray: {
      RON_CHECK(value.major == 4 && item.number == value.items.size());
      CborArray elements(item);
      CborItem element;
      for (const model::Value& expected : value.items) {
        RON_CHECK(elements.next(element));
        compare(element, expected);
      }
      RON_CHECK(!elements.next(element));
      return;
    }
    case CborType::kMap: {
      RON_CHECK(value.major == 5 && item.number == value.items.size());
      CborMap entries(item);
      std::string_view key;
      CborItem entry;
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        RON_CHECK(entries.next(key, entry));
        RON_CHECK(equal(as_bytes(key), value.keys[i]));
        compare(entry, value.items[i]);
      }
      RON_CHECK(!entries.next(key, entry));
      return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const model::Bytes bytes(data, data + size);
  CborReader reader(bytes);
  CborItem item;
  const bool accepted = reader.next(item) && reader.at_end();
  const auto twin = model::decode(bytes);
  RON_CHECK(accepted == twin.has_value());
  const auto message = read_message(bytes);
  if (!accepted) {
    RON_CHECK(!message);
    return 0;
  }
  RON_CHECK(reader.canonical() == (model::canonical(*twin) == bytes));
  compare(item, *twin);
  if (message) {
    RON_CHECK(item.type == CborType::kMap);
  }
  return 0;
}
