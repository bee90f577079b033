#include "ron/error.hpp"

#include "session/client_types.hpp"

namespace ron::sdk {

std::string_view name(ErrorCode code) {
  if (code == ErrorCode::kNoResponder) return "NoResponder";
  if (code == ErrorCode::kUsage) return "Usage";
  return session::name(static_cast<session::Failure>(code));
}

}  // namespace ron::sdk
