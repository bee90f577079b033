// Two ends of a byte stream in memory, for tests within one thread.
//
// Bounded like a socket buffer, so that back-pressure is real; never ready by itself: whoever
// writes tells the other side.
#pragma once

#include <memory>
#include <utility>

#include "transport/stream.hpp"

namespace ron::transport {

/// Each direction holds at most `capacity` bytes.
std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> mem_stream_pair(std::size_t capacity);

}  // namespace ron::transport
