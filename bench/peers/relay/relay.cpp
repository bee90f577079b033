#include "relay.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace ron::peers {
namespace {

constexpr std::size_t kChunk = std::size_t{512} * 1024;
constexpr std::size_t kRoomMin = std::size_t{64} * 1024;  // for the next read
constexpr std::size_t kFreeMax = 256;
constexpr std::size_t kSealMax = 262144;  // bytes sealed for one send
constexpr std::uint32_t kFrameMax = 64U << 20U;
constexpr std::size_t kHeader = 8;  // u32 size | u8 type | u8 0 | u16 topic, little-endian
constexpr std::uint8_t kSubscribe = 1;
constexpr std::uint8_t kData = 2;
constexpr std::uint8_t kAcknowledge = 3;

struct Header {
  std::uint32_t size;
  std::uint8_t type;
  std::uint16_t topic;
};

Header header_at(const char* bytes) {
  Header header{};
  std::memcpy(&header.size, bytes, sizeof header.size);
  std::memcpy(&header.topic, bytes + 6, sizeof header.topic);
  header.type = static_cast<std::uint8_t>(bytes[4]);
  return header;
}

}  // namespace

Relay::Relay(Mode mode, SSL_CTX* context)
    : mode_(mode), context_(context), epoll_(epoll_create1(EPOLL_CLOEXEC)), topics_(1U << 16U) {}

// ---------------------------------------------------------------------------------------- chunks
Chunk* Relay::new_chunk(std::size_t capacity) {
  Chunk* chunk = nullptr;
  if (capacity <= kChunk && !free_.empty()) {
    chunk = free_.back();
    free_.pop_back();
  } else {
    capacity = std::max(capacity, kChunk);
    chunk = static_cast<Chunk*>(std::malloc(sizeof(Chunk) + capacity));
    if (chunk == nullptr) std::abort();
    chunk->capacity = capacity;
  }
  chunk->refs = 1;
  chunk->size = 0;
  return chunk;
}

void Relay::release(Chunk* chunk) {
  if (--chunk->refs > 0) return;
  if (chunk->capacity == kChunk && free_.size() < kFreeMax) {
    free_.push_back(chunk);
  } else {
    std::free(chunk);
  }
}

void Relay::enqueue(Connection& to, Chunk* chunk, std::size_t offset, std::size_t size) {
  if (!to.queue.empty() && to.queue.back().chunk == chunk &&
      to.queue.back().offset + to.queue.back().size == offset) {
    to.queue.back().size += size;
  } else {
    ++chunk->refs;
    to.queue.push_back({chunk, offset, size});
  }
  if (!to.dirty && !to.blocked) {
    to.dirty = true;
    dirty_.push_back(&to);
  }
}

void Relay::fan_out(int topic, Chunk* chunk, std::size_t offset, std::size_t size) {
  for (Connection* to : topics_[static_cast<std::size_t>(topic)]) {
    enqueue(*to, chunk, offset, size);
  }
}

void Relay::acknowledge(Connection& to) {
  Chunk* chunk = new_chunk(kChunk);
  std::memset(chunk->bytes(), 0, kHeader);
  chunk->bytes()[4] = static_cast<char>(kAcknowledge);
  chunk->size = kHeader;
  enqueue(to, chunk, 0, kHeader);
  release(chunk);
}

// --------------------------------------------------------------------------------------- sending
void Relay::watch(Connection& connection, bool blocked) const {
  if (connection.blocked == blocked) return;
  connection.blocked = blocked;
  epoll_event event{};
  event.events = blocked ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &connection;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
}

void Relay::drop_front(Connection& to, std::size_t size) {
  while (size > 0) {
    Span& front = to.queue.front();
    const std::size_t taken = std::min(size, front.size);
    front.offset += taken;
    front.size -= taken;
    size -= taken;
    if (front.size > 0) continue;
    release(front.chunk);
    to.queue.pop_front();
  }
}

void Relay::flush(Connection& to) {
  if (to.ssl != nullptr) {
    flush_tls(to);
  } else {
    flush_plain(to);
  }
}

void Relay::flush_plain(Connection& to) {
  while (!to.queue.empty()) {
    std::array<iovec, 64> parts;  // NOLINT(cppcoreguidelines-pro-type-member-init): on the hot path
    std::size_t count = 0;
    for (const Span& span : to.queue) {
      if (count == parts.size()) break;
      parts[count++] = {span.chunk->bytes() + span.offset, span.size};
    }
    const ssize_t sent = count == 1 ? send(to.fd, parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL)
                                    : writev(to.fd, parts.data(), static_cast<int>(count));
    if (sent < 0) {
      if (errno == EAGAIN) {
        watch(to, true);
      } else {
        close(to);
      }
      return;
    }
    drop_front(to, static_cast<std::size_t>(sent));
  }
  watch(to, false);
}

// Sealed records to the socket; false when it blocks or has died.
bool Relay::push_sealed(Connection& to) {
  char* bytes = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(to.sealed, &bytes));
  while (size > to.sent_of_sealed) {
    const ssize_t sent =
        send(to.fd, bytes + to.sent_of_sealed, size - to.sent_of_sealed, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN) {
        watch(to, true);
      } else {
        close(to);
      }
      return false;
    }
    to.sent_of_sealed += static_cast<std::size_t>(sent);
  }
  if (size > 0) {
    BIO_reset(to.sealed);
    to.sent_of_sealed = 0;
  }
  return true;
}

// Whole spans into 16 KiB records, many records a send.
void Relay::flush_tls(Connection& to) {
  if (SSL_is_init_finished(to.ssl) == 0) {
    push_sealed(to);
    return;
  }
  for (;;) {
    if (!push_sealed(to)) return;
    if (to.queue.empty()) break;
    std::size_t sealed = 0;
    while (!to.queue.empty() && sealed < kSealMax) {
      const Span& front = to.queue.front();
      const int took = SSL_write(to.ssl, front.chunk->bytes() + front.offset,
                                 static_cast<int>(std::min(front.size, kSealMax - sealed)));
      if (took <= 0) {
        close(to);
        return;
      }
      sealed += static_cast<std::size_t>(took);
      drop_front(to, static_cast<std::size_t>(took));
    }
  }
  watch(to, false);
}

// ------------------------------------------------------------------------------------- receiving
ssize_t Relay::receive(Connection& from, char* into, std::size_t size) {
  if (from.ssl == nullptr) return recv(from.fd, into, size, 0);
  std::size_t got = 0;
  while (got < size) {
    const int read = SSL_read(from.ssl, into + got, static_cast<int>(size - got));
    if (read > 0) {
      got += static_cast<std::size_t>(read);
      continue;
    }
    const int why = SSL_get_error(from.ssl, read);
    if (BIO_ctrl_pending(from.sealed) > 0 && !from.blocked && !from.dirty) {  // a handshake flight
      from.dirty = true;
      dirty_.push_back(&from);
    }
    if (why == SSL_ERROR_WANT_READ) break;
    ERR_clear_error();
    return static_cast<ssize_t>(got);
  }
  if (got > 0) return static_cast<ssize_t>(got);
  errno = EAGAIN;
  return -1;
}

// Room for the next read behind the unparsed tail; false when the frame is too large.
bool Relay::make_room(Connection& from) {
  if (from.in == nullptr) {
    from.in = new_chunk(kChunk);
    from.parsed = 0;
  }
  Chunk* chunk = from.in;
  std::size_t room = kRoomMin;
  const std::size_t tail = chunk->size - from.parsed;
  if (mode_ == Mode::kFrames && tail >= kHeader) {
    const std::uint32_t size = header_at(chunk->bytes() + from.parsed).size;
    if (size > kFrameMax) return false;
    room = std::max(room, kHeader + size - tail);
  }
  if (chunk->capacity - chunk->size < room) {
    Chunk* next = new_chunk(tail + room);
    std::memcpy(next->bytes(), chunk->bytes() + from.parsed, tail);
    next->size = tail;
    release(chunk);
    from.in = next;
    from.parsed = 0;
  } else if (chunk->refs == 1 && tail == 0) {  // nobody holds it: begin again, it is in the cache
    chunk->size = 0;
    from.parsed = 0;
  }
  return true;
}

// One read, and whole frames of it to their subscribers; true when more may be waiting.
bool Relay::read_some(Connection& from) {
  if (!make_room(from)) {
    close(from);
    return false;
  }
  Chunk* chunk = from.in;
  const std::size_t room = chunk->capacity - chunk->size;
  const ssize_t got = receive(from, chunk->bytes() + chunk->size, room);
  if (got == 0 || (got < 0 && errno != EAGAIN)) close(from);
  if (got <= 0) return false;
  chunk->size += static_cast<std::size_t>(got);
  const bool full = static_cast<std::size_t>(got) == room;
  const auto type = static_cast<std::uint8_t>(chunk->bytes()[4]);
  if (mode_ == Mode::kBytes && !from.subscriber && type != kAcknowledge && type != kSubscribe) {
    fan_out(0, chunk, from.parsed, chunk->size - from.parsed);
    from.parsed = chunk->size;
    return full;
  }
  from.parsed = relay_frames(from);
  if (from.subscriber && from.parsed == chunk->size) {  // an idle session holds no buffer
    release(from.in);
    from.in = nullptr;
  }
  return full;
}

// Consecutive frames of one topic leave as one span; returns where the unfinished frame begins.
std::size_t Relay::relay_frames(Connection& from) {
  Chunk* chunk = from.in;
  std::size_t at = from.parsed;
  std::size_t run = at;
  int topic = -1;
  while (chunk->size - at >= kHeader) {
    const Header header = header_at(chunk->bytes() + at);
    if (header.type == kData) {
      if (chunk->size - at < kHeader + header.size) break;
      if (header.topic != topic) {
        if (topic >= 0 && at > run) fan_out(topic, chunk, run, at - run);
        topic = header.topic;
        run = at;
      }
      at += kHeader + header.size;
      continue;
    }
    if (topic >= 0 && at > run) fan_out(topic, chunk, run, at - run);
    topic = -1;
    at += kHeader;
    run = at;
    control(from, header.type, header.topic);
  }
  if (topic >= 0 && at > run) fan_out(topic, chunk, run, at - run);
  return at;
}

void Relay::control(Connection& from, std::uint8_t type, std::uint16_t topic) {
  if (type == kSubscribe && from.topic < 0) {
    from.subscriber = true;
    from.topic = mode_ == Mode::kBytes ? 0 : topic;
    topics_[static_cast<std::size_t>(from.topic)].push_back(&from);
  }
  acknowledge(from);
}

void Relay::readable(Connection& from) {
  // Over TLS until dry: records may wait in the library's buffer.
  while (read_some(from) && from.ssl != nullptr) {
  }
}

// ----------------------------------------------------------------------------------- connections
void Relay::close(Connection& connection) {
  if (connection.fd < 0) return;
  SSL_free(connection.ssl);
  connection.ssl = nullptr;
  ::close(connection.fd);
  connection.fd = -1;
  if (connection.topic >= 0) {
    std::erase(topics_[static_cast<std::size_t>(connection.topic)], &connection);
  }
  for (const Span& span : connection.queue) release(span.chunk);
  connection.queue.clear();
  if (connection.in != nullptr) release(connection.in);
  connection.in = nullptr;
  dead_.push_back(&connection);
}

void Relay::accept_all(int listener) {
  for (;;) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    auto* connection = new Connection;
    connection->fd = fd;
    if (context_ != nullptr) {
      connection->ssl = SSL_new(context_);
      connection->sealed = BIO_new(BIO_s_mem());
      SSL_set_bio(connection->ssl, BIO_new_socket(fd, BIO_NOCLOSE), connection->sealed);
      SSL_set_accept_state(connection->ssl);
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connection;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
}

void Relay::serve(int listener) {
  epoll_event accepts{};
  accepts.events = EPOLLIN;
  accepts.data.ptr = nullptr;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, listener, &accepts);
  std::array<epoll_event, 512> events{};
  for (;;) {
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) {
        accept_all(listener);
        continue;
      }
      auto& connection = *static_cast<Connection*>(event.data.ptr);
      if (connection.fd < 0) continue;
      if ((event.events & EPOLLOUT) != 0) flush(connection);
      const bool input = (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
      if (connection.fd >= 0 && input) readable(connection);
    }
    for (Connection* connection : dirty_) {
      connection->dirty = false;
      if (connection->fd >= 0) flush(*connection);
    }
    dirty_.clear();
    for (Connection* connection : dead_) delete connection;
    dead_.clear();
  }
}

}  // namespace ron::peers
