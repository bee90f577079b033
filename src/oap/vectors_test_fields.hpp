// The vectors of test/vectors as values, for vectors_test.cpp: bytes, and decoded fields in the
// JSON form of test/vectors/README.md.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/blake3.hpp"
#include "oap/kinds.hpp"

namespace ron::oap::vectors {

using Json = nlohmann::json;
using Bytes = std::vector<std::uint8_t>;

inline Json load(const std::string& name) {
  std::ifstream in(std::string(RON_VECTORS_DIR) + "/" + name);
  Json document = Json::parse(in, nullptr, false);
  EXPECT_FALSE(document.is_discarded()) << name;
  return document;
}

inline Bytes from_hex(const std::string& hex) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return out;
}

inline std::string to_hex(ByteView bytes) {
  std::string out;
  for (const std::uint8_t byte : bytes) {
    out += "0123456789abcdef"[byte >> 4U];
    out += "0123456789abcdef"[byte & 15U];
  }
  return out;
}

inline Bytes bytes_of(const Json& vector) {
  if (vector.contains("hex")) return from_hex(vector["hex"]);
  Bytes out;
  for (const Json& part : vector["parts"]) {
    if (part.contains("hex")) {
      const Bytes more = from_hex(part["hex"]);
      out.insert(out.end(), more.begin(), more.end());
    } else {
      out.insert(out.end(), part["count"], from_hex(part["byte"])[0]);
    }
  }
  return out;
}

// Decoded values in the JSON form of test/vectors/README.md.
inline Json plain(std::uint64_t number) {
  if (number < 1ULL << 53U) return number;
  return {{"$uint", std::to_string(number)}};
}
inline Json plain(std::string_view text) { return std::string(text); }
inline Json plain_bytes(ByteView bytes) {
  if (bytes.size() <= 256) return {{"$bytes", to_hex(bytes)}};
  return {{"$bytes_size", bytes.size()}, {"$b3", to_hex(blake3(bytes))}};
}
inline Json plain_list(const CborItem& list) {
  Json out = Json::array();
  CborArray elements(list);
  CborItem element;
  while (elements.next(element)) out.push_back(plain(element.text()));
  return out;
}
template <typename T>
void put(Json& out, const char* key, const std::optional<T>& value) {
  if (value) out[key] = plain(*value);
}

// What a reader made of a payload: its known fields, and what the writer makes of them again.
struct Read {
  Fault fault;
  Json fields;
  Bytes again;
};

template <typename T, typename Fill>
Read read_as(const Decoded<T>& decoded, Fill fill) {
  Read read;
  if (!decoded) {
    read.fault = decoded.error();
    return read;
  }
  fill(*decoded, read);
  return read;
}

}  // namespace ron::oap::vectors
