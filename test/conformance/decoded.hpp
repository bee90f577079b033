// Every kind of OAP-1 sections 3 to 6 as the vectors see it: which flags it may have, its decoded
// fields as JSON, and its bytes when it is written again.
#pragma once

#include <optional>
#include <string>

#include "oap/kinds.hpp"
#include "vectors.hpp"

namespace ron::conformance {

/// A message that passed its decoder.
struct Read {
  Json fields;
  Bytes again;  // canonical encoding of what was decoded
};

/// May `kind` have these flags (COMP aside)? Nothing: the kind is unknown.
std::optional<bool> flags_fit(std::string_view kind, std::uint16_t flags);

/// Decodes a message of a known kind; the broken rule otherwise.
oap::Decoded<Read> read_kind(const oap::Message& message);

/// What the decoded form keeps of the fields a vector names.
Json reduced(Json fields);

}  // namespace ron::conformance
