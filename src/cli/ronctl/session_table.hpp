// The sessions of a node as a table.
#pragma once

#include <string>

#include "node_answer.hpp"

namespace ron::cli {

/// Who a session is: its certificate's name, its address, or the user at the Unix socket.
std::string who(const Json& session);

/// "sessions" of a `sessions` or `queues` answer.
std::string session_table(const Json& sessions);

/// A sentence where a busy shard did not answer in time, else nothing.
std::string incomplete_note(const Json& answer);

}  // namespace ron::cli
