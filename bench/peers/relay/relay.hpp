// The yardstick: a relay of one thread on raw epoll that delivers length-prefixed frames exactly as
// they came in, fans out by reference-counted chunks and sends one writev a subscriber and loop
// turn. No authentication, no limits, no checks: what the machine allows.
#pragma once

#include <openssl/ssl.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace ron::peers {

enum class Mode : std::uint8_t {
  kFrames,  // parse the 8-byte headers, fan out by topic
  kBytes,   // parse nothing: every byte of a publisher goes to every subscriber
};

/// Received bytes, shared by all spans of them; they follow the struct in one allocation.
struct Chunk {
  std::uint32_t refs;
  std::size_t capacity;
  std::size_t size;

  char* bytes() { return std::bit_cast<char*>(this + 1); }
};

struct Span {
  Chunk* chunk;
  std::size_t offset;
  std::size_t size;
};

struct Connection {
  int fd = -1;
  bool subscriber = false;
  bool dirty = false;
  bool blocked = false;
  int topic = -1;
  Chunk* in = nullptr;
  std::size_t parsed = 0;
  std::deque<Span> queue;
  SSL* ssl = nullptr;
  BIO* sealed = nullptr;
  std::size_t sent_of_sealed = 0;
};

class Relay {
 public:
  Relay(Mode mode, SSL_CTX* context);

  /// Serves the connections of a listening socket for ever.
  [[noreturn]] void serve(int listener);

 private:
  Chunk* new_chunk(std::size_t capacity);
  void release(Chunk* chunk);
  void enqueue(Connection& to, Chunk* chunk, std::size_t offset, std::size_t size);
  void fan_out(int topic, Chunk* chunk, std::size_t offset, std::size_t size);
  void acknowledge(Connection& to);

  void accept_all(int listener);
  void close(Connection& connection);
  void watch(Connection& connection, bool blocked) const;

  void readable(Connection& from);
  bool read_some(Connection& from);
  bool make_room(Connection& from);
  std::size_t relay_frames(Connection& from);
  void control(Connection& from, std::uint8_t type, std::uint16_t topic);
  ssize_t receive(Connection& from, char* into, std::size_t size);

  void flush(Connection& to);
  void flush_plain(Connection& to);
  void flush_tls(Connection& to);
  bool push_sealed(Connection& to);
  void drop_front(Connection& to, std::size_t size);

  Mode mode_;
  SSL_CTX* context_;
  int epoll_;
  std::vector<std::vector<Connection*>> topics_;
  std::vector<Connection*> dirty_;
  std::vector<Connection*> dead_;
  std::vector<Chunk*> free_;
};

}  // namespace ron::peers
