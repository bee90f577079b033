// Reads the binary vectors of test/vectors (schema: test/vectors/README.md) for the tests here.
// Files are trusted: they are checked in, so a broken one simply throws.
#pragma once

#include <cstdint>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/blake3.hpp"
#include "base/bytes.hpp"
#include "base/ids.hpp"

namespace ron::conformance {

using Json = nlohmann::json;
using Bytes = std::vector<std::uint8_t>;

inline Json load(const std::string& file) {
  std::ifstream in(std::string(RON_VECTORS_DIR) + "/" + file);
  if (!in) throw std::runtime_error("no vectors: " + file);
  return Json::parse(in);
}

inline Bytes from_hex(const std::string& hex) {
  Bytes out(hex.size() / 2);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::uint8_t>(std::stoul(hex.substr(2 * i, 2), nullptr, 16));
  }
  return out;
}

inline std::string to_hex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const auto byte : bytes) {
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

/// The bytes of `hex`, or of `parts` joined.
inline Bytes expand(const Json& holder) {
  if (holder.contains("hex")) return from_hex(holder.at("hex"));
  Bytes out;
  for (const auto& part : holder.at("parts")) {
    const Bytes piece = part.contains("hex") ? from_hex(part.at("hex"))
                                             : Bytes(part.at("count").get<std::size_t>(),
                                                     from_hex(part.at("byte"))[0]);
    out.insert(out.end(), piece.begin(), piece.end());
  }
  return out;
}

/// One frame with what is expected of its reader.
struct Vector {
  std::string name;
  Bytes bytes;
  Json expect;
  bool first = false;      // the first frame of a stream
  bool comp = false;       // COMP was agreed
  bool to_client = false;  // a client reads it
  std::uint32_t max_frame = 1U << 20U;

  /// Is `code` what the vector wants, or one that is right too?
  bool accepts(const std::string& code) const {
    if (expect.at("error") == code) return true;
    for (const auto& also : expect.value("also", Json::array())) {
      if (also == code) return true;
    }
    return false;
  }
};

inline void PrintTo(const Vector& vector, std::ostream* out) { *out << vector.name; }

/// The one-frame vectors that `wanted` picks.
inline std::vector<Vector> frames(const std::function<bool(const Vector&)>& wanted) {
  std::vector<Vector> out;
  for (const char* file : {"envelope.json", "cbor.json", "kinds.json", "comp.json"}) {
    const Json document = load(file);
    for (const auto& row : document.at("vectors")) {
      const Json context = row.value("context", Json::object());
      Vector vector{.name = row.at("name"),
                    .bytes = expand(row),
                    .expect = row.at("expect"),
                    .first = context.value("state", "open") == "first",
                    .comp = context.value("comp", false),
                    .to_client = context.value("to", "server") == "client",
                    .max_frame = context.value("max_frame", 1U << 20U)};
      if (wanted(vector)) out.push_back(std::move(vector));
    }
  }
  return out;
}

/// A number in the JSON form of the vectors.
inline Json number(std::uint64_t value) {
  if (value < (std::uint64_t{1} << 53U)) return value;
  return Json{{"$uint", std::to_string(value)}};
}

/// A byte string in the JSON form of the vectors; a long one stands there by size and digest.
inline Json byte_string(ByteView bytes) {
  if (bytes.size() <= 256) return Json{{"$bytes", to_hex(bytes)}};
  return Json{{"$bytes_size", bytes.size()}, {"$b3", to_hex(blake3(bytes))}};
}

}  // namespace ron::conformance
