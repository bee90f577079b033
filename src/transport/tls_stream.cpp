#include "transport/tls_stream.hpp"

#include <algorithm>
#include <cstring>

#include "base/check.hpp"
#include "crypto/openssl.hpp"
#include "transport/tls_failure.hpp"

namespace ron::transport {
namespace {

// What may wait for a blocked socket besides a batch of records: handshake messages and answers
// to key updates. A peer that asks for more of them without reading finds its input waiting.
constexpr std::size_t kUnsentMax = kSealBatch + 64U * 1024;
constexpr std::size_t kReceiveMin = 4U * 1024;

constexpr std::string_view kHybridGroup = "X25519MLKEM768";

// One of the groups that contexts allow; the library's own text goes with its context.
std::string_view group_name(const SSL& ssl) {
  const char* name = SSL_get0_group_name(const_cast<SSL*>(&ssl));
  const std::string_view named = name == nullptr ? "" : name;
  for (const std::string_view known : {kHybridGroup, std::string_view("x25519")}) {
    if (named == known) return known;
  }
  return {};
}

// Gives the memory back too; `bytes = {}` would keep it.
void release(std::vector<std::uint8_t>& bytes) { std::vector<std::uint8_t>().swap(bytes); }

}  // namespace

MutableBytes TlsBuffers::cipher() {
  if (memory_ == nullptr) {
    memory_ = std::make_unique_for_overwrite<std::uint8_t[]>(kCipherSlab + kTlsRecord);
  }
  return {memory_.get(), kCipherSlab};
}

MutableBytes TlsBuffers::staging() { return {cipher().data() + kCipherSlab, kTlsRecord}; }

// ---- the library's callbacks ------------------------------------------------------------------

struct TlsStream::Glue {
  static int write(BIO* bio, const char* data, std::size_t size, std::size_t* taken) {
    auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
    std::vector<std::uint8_t>& sealed = stream.buffers_->sealed();
    BIO_clear_retry_flags(bio);
    if (stream.unsent_.size() - stream.unsent_at_ + sealed.size() > kUnsentMax) {
      BIO_set_retry_write(bio);
      return 0;
    }
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(data);
    sealed.insert(sealed.end(), bytes, bytes + size);
    stream.sealed_total_ += size;
    *taken = size;
    return 1;
  }

  static int read(BIO* bio, char* into, std::size_t size, std::size_t* got) {
    auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const bool from_held = stream.held_at_ < stream.held_.size();
    const ByteView source =
        from_held ? ByteView(stream.held_).subspan(stream.held_at_) : stream.input_;
    const std::size_t count = std::min(size, source.size());
    if (count == 0) {
      BIO_set_retry_read(bio);
      return 0;
    }
    std::memcpy(into, source.data(), count);
    if (from_held) {
      stream.held_at_ += count;
    } else {
      stream.input_ = stream.input_.subspan(count);
    }
    *got = count;
    return 1;
  }

  static long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static void info(const SSL* ssl, int where, int value) {
    const int alert = value & 0xff;
    if ((where & SSL_CB_ALERT) == 0 || alert == SSL_AD_CLOSE_NOTIFY) return;
    static_cast<TlsStream*>(SSL_get_app_data(ssl))->alert_ = alert;
  }

  static const BIO_METHOD* method() {
    static const BIO_METHOD* const made = [] {
      BIO_METHOD* bio = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "shard buffers");
      RON_CHECK(bio != nullptr);
      BIO_meth_set_write_ex(bio, write);
      BIO_meth_set_read_ex(bio, read);
      BIO_meth_set_ctrl(bio, control);
      return bio;
    }();
    return made;
  }
};

TlsStream::TlsStream(Socket socket, StreamFacts facts, TlsStreamOptions options,
                     TlsBuffers& buffers)
    : Stream(std::move(facts)),
      socket_(std::move(socket)),
      context_(std::move(options.context)),
      buffers_(&buffers),
      ssl_(SSL_new(context_->native())),
      connecting_(options.connecting),
      wants_input_(context_->is_server()) {
  facts_.kind = StreamKind::kTls;
  BIO* bio = BIO_new(Glue::method());
  RON_CHECK(ssl_ != nullptr && bio != nullptr);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_app_data(ssl_, this);
  SSL_set_info_callback(ssl_, Glue::info);
  if (context_->is_server()) {
    SSL_set_accept_state(ssl_);
  } else {
    SSL_set_connect_state(ssl_);
    name_server(context_->is_for_peers() ? std::string(crypto::kPeerServerName)
                                         : options.server_name);
  }
}

TlsStream::~TlsStream() { close(); }

void TlsStream::close() {
  if (ssl_ != nullptr) SSL_free(std::exchange(ssl_, nullptr));
  dead_ = true;
  socket_.close();
}

Socket TlsStream::take_socket() {
  push_out();  // the alert that says why
  Socket socket = std::move(socket_);
  close();
  return socket;
}

// Of a server, whether the other side gave the name that nodes dial with.
bool TlsStream::met_as_a_node() const {
  if (context_->is_for_peers()) return true;
  const crypto::TlsContext* peers = context_->peers();
  return peers != nullptr && SSL_get_SSL_CTX(ssl_) == peers->native();
}

// Pinned patterns replace the host name (crypto/tls_context.hpp); without either, nobody would be
// verified, so an empty name matches nothing.
void TlsStream::name_server(const std::string& name) {
  if (const bool numeric =
          Address::parse("[" + name + "]:0").has_value() || Address::parse(name + ":0").has_value();
      numeric) {
    if (!context_->peer_names().empty()) return;
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), name.c_str());
    return;
  }
  if (!name.empty()) SSL_set_tlsext_host_name(ssl_, name.c_str());
  if (!context_->peer_names().empty() || context_->is_for_peers()) return;
  SSL_set1_host(ssl_, name.empty() ? "invalid." : name.c_str());
}

// ---- handshake ----------------------------------------------------------------------------------

HandshakeStatus TlsStream::handshake() {
  if (dead_) return HandshakeStatus::kFailed;
  if (ready_) return HandshakeStatus::kDone;
  if (connecting_) {
    std::string why;
    const Socket::Progress progress = socket_.connect_progress(&why);
    if (progress == Socket::Progress::kWait) return HandshakeStatus::kWantWrite;
    if (progress == Socket::Progress::kFailed) {
      fail_io("cannot connect: " + why);
      return HandshakeStatus::kFailed;
    }
    connecting_ = false;
  }
  const HandshakeStatus status = step();
  keep_input();
  return status;
}

// The library is not asked before there is something to work on: each call in vain costs it a
// buffer and this thread a system call.
HandshakeStatus TlsStream::step() {
  drained_ = false;
  for (;;) {
    if (wants_input_ && !has_input()) {
      if (drained_) return HandshakeStatus::kWantRead;
      const IoResult received = receive(kCipherSlab);
      if (received.status == IoStatus::kWouldBlock) return HandshakeStatus::kWantRead;
      if (received.status != IoStatus::kOk) {
        fail_io("connection closed in the TLS handshake");
        return HandshakeStatus::kFailed;
      }
      drained_ = !received.more;
    }
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_);
    const int error = SSL_get_error(ssl_, result);
    const IoStatus sent = push_out();
    if (result == 1) return established();
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      fail(error);
      return HandshakeStatus::kFailed;
    }
    if (sent == IoStatus::kError) {
      fail_io("connection lost in the TLS handshake");
      return HandshakeStatus::kFailed;
    }
    wants_input_ = error == SSL_ERROR_WANT_READ && sent == IoStatus::kOk;
    if (!wants_input_) return HandshakeStatus::kWantWrite;
  }
}

HandshakeStatus TlsStream::established() {
  const unsigned char* alpn = nullptr;
  unsigned alpn_size = 0;
  SSL_get0_alpn_selected(ssl_, &alpn, &alpn_size);
  if (ron::as_text({alpn, alpn_size}) != context_->alpn()) {  // OAP-1.3
    failed(
        {.kind = FailureClass::kAlpn, .text = "the other side chose no ALPN " + context_->alpn()});
    dead_ = true;
    return HandshakeStatus::kFailed;
  }
  facts_.group = group_name(*ssl_);
  facts_.hybrid = facts_.group == kHybridGroup;
  facts_.cipher = SSL_get_cipher_name(ssl_);
  if (const X509* peer = SSL_get0_peer_certificate(ssl_); peer != nullptr) {
    crypto::CertificateFacts certificate = crypto::certificate_facts(*peer);
    const bool verified = SSL_get_verify_result(ssl_) == X509_V_OK;
    facts_.is_node = verified && met_as_a_node();
    facts_.peer_authenticated = verified && !facts_.is_node;
    facts_.peer = std::make_shared<const PeerIdentity>(
        PeerIdentity{.names = std::move(certificate.names), .node = certificate.node});
  }
  ready_ = true;
  return HandshakeStatus::kDone;
}

void TlsStream::fail(int library_error) {
  dead_ = true;
  if (library_error == SSL_ERROR_SSL) {
    failed(tls_failure(*ssl_, alert_));
  } else {
    fail_io("connection lost");
  }
}

void TlsStream::fail_io(std::string text) {
  dead_ = true;
  failed({.kind = FailureClass::kIo, .text = std::move(text)});
}

// ---- reading ------------------------------------------------------------------------------------

IoResult TlsStream::receive(std::size_t limit) {
  release(held_);
  held_at_ = 0;
  if (eof_) return {.status = IoStatus::kEof};
  const MutableBytes slab = buffers_->cipher();
  const IoResult result = socket_.receive(slab.first(std::clamp(limit, kReceiveMin, slab.size())));
  if (result.status == IoStatus::kOk) input_ = slab.first(result.bytes);
  if (result.status == IoStatus::kEof) eof_ = true;
  return result;
}

// The slab serves another stream next: what the library has not taken moves to this one.
void TlsStream::keep_input() {
  if (held_at_ == held_.size()) {
    release(held_);
    held_at_ = 0;
  }
  if (input_.empty()) return;
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(held_at_));
  held_at_ = 0;
  held_.insert(held_.end(), input_.begin(), input_.end());
  input_ = {};
}

// Asking the library would find nothing, nor does it wait to answer something itself.
bool TlsStream::has_nothing_to_read() const {
  return !has_input() && SSL_has_pending(ssl_) == 0 && SSL_want_write(ssl_) == 0;
}

IoResult TlsStream::read_into(MutableBytes into) {
  if (dead_ || !ready_) return {.status = IoStatus::kError};
  IoResult result{.status = IoStatus::kWouldBlock};
  const bool held_all = std::exchange(drained_, false);
  bool drained = false;
  bool hungry = has_nothing_to_read();
  for (;;) {
    if (hungry) {
      if (drained || (held_all && result.bytes > 0)) break;
      const IoResult received = receive(into.size() - result.bytes);
      if (received.status != IoStatus::kOk) {
        result.status = received.status;
        break;
      }
      drained = !received.more;
    }
    std::size_t got = 0;
    ERR_clear_error();
    if (SSL_read_ex(ssl_, into.data() + result.bytes, into.size() - result.bytes, &got) == 1) {
      result.bytes += got;
      result.more = result.bytes == into.size();
      if (result.more) break;
      hungry = has_nothing_to_read();
      continue;
    }
    const int error = SSL_get_error(ssl_, 0);
    hungry = error == SSL_ERROR_WANT_READ;
    if (hungry) continue;
    if (error == SSL_ERROR_ZERO_RETURN) {
      eof_ = true;
      result.status = IoStatus::kEof;
    } else if (error == SSL_ERROR_WANT_WRITE) {
      result.more = true;
    } else {
      fail(error);
      result.status = IoStatus::kError;
    }
    break;
  }
  keep_input();
  push_out();  // answers of the library: alerts, key updates
  if (result.bytes == 0) return result;
  result.more = result.more || result.status == IoStatus::kEof || result.status == IoStatus::kError;
  result.status = IoStatus::kOk;
  return result;
}

// ---- writing ------------------------------------------------------------------------------------

// Walks over the pieces in steps of a record: straight out of a large piece, or out of the staging
// block where small ones are gathered.
class TlsStream::Cursor {
 public:
  Cursor(std::span<const IoPiece> pieces, std::size_t skip) : pieces_(pieces) {
    while (skip > 0 && !pieces_.empty()) {
      const std::size_t step = std::min(skip, pieces_.front().size - at_);
      advance(step);
      skip -= step;
    }
  }

  ByteView next(MutableBytes staging) {
    std::size_t filled = 0;
    while (!pieces_.empty() && filled < staging.size()) {
      const IoPiece& piece = pieces_.front();
      const auto* from = static_cast<const std::uint8_t*>(piece.data) + at_;
      const std::size_t have = piece.size - at_;
      if (filled == 0 && have >= staging.size()) {
        advance(staging.size());
        return {from, staging.size()};
      }
      const std::size_t count = std::min(have, staging.size() - filled);
      if (count > 0) std::memcpy(staging.data() + filled, from, count);
      filled += count;
      advance(count);
    }
    return staging.first(filled);
  }

 private:
  void advance(std::size_t count) {
    at_ += count;
    if (at_ < pieces_.front().size) return;
    pieces_ = pieces_.subspan(1);
    at_ = 0;
  }

  std::span<const IoPiece> pieces_;
  std::size_t at_ = 0;
};

// Seals one batch. False when there is nothing left to seal, or the library failed (dead_).
bool TlsStream::seal(Cursor& from) {
  std::size_t batch = 0;
  while (batch < kSealBatch && mark_count_ < marks_.size()) {
    const ByteView record = from.next(buffers_->staging());
    if (record.empty()) break;
    std::size_t taken = 0;
    ERR_clear_error();
    if (SSL_write_ex(ssl_, record.data(), record.size(), &taken) != 1 || taken != record.size()) {
      fail(SSL_get_error(ssl_, 0));
      return false;
    }
    marks_[mark_count_++] = {.end = sealed_total_, .plain = record.size()};
    batch += record.size();
  }
  return batch > 0;
}

IoStatus TlsStream::push_out() {
  std::vector<std::uint8_t>& sealed = buffers_->sealed();
  if (!unsent_.empty()) {
    unsent_.insert(unsent_.end(), sealed.begin(), sealed.end());
    sealed.clear();
  }
  ByteView rest = unsent_.empty() ? ByteView(sealed) : ByteView(unsent_).subspan(unsent_at_);
  IoStatus status = IoStatus::kOk;
  while (!rest.empty() && status == IoStatus::kOk) {
    const IoPiece piece{.data = rest.data(), .size = rest.size()};
    const IoResult sent = socket_.send({&piece, 1});
    status = sent.status;
    sent_total_ += sent.bytes;
    rest = rest.subspan(sent.bytes);
  }
  if (unsent_.empty()) {
    unsent_.assign(rest.begin(), rest.end());
    sealed.clear();
  } else {
    unsent_at_ = unsent_.size() - rest.size();
    if (rest.empty()) release(unsent_);
  }
  if (unsent_.empty()) unsent_at_ = 0;
  return status;
}

// Plaintext whose records left since the last call.
std::size_t TlsStream::settle() {
  std::size_t plain = 0;
  std::uint32_t through = 0;
  while (through < mark_count_ && marks_[through].end <= sent_total_) {
    plain += marks_[through++].plain;
  }
  std::copy(marks_.begin() + static_cast<std::ptrdiff_t>(through),
            marks_.begin() + static_cast<std::ptrdiff_t>(mark_count_), marks_.begin());
  mark_count_ -= through;
  return plain;
}

IoResult TlsStream::write(std::span<const IoPiece> pieces) {
  if (dead_ || !ready_ || notified_) return {.status = IoStatus::kError};
  IoResult result;
  result.status = push_out();
  result.bytes = settle();
  if (result.status != IoStatus::kOk) return result;
  Cursor cursor(pieces, result.bytes);
  while (seal(cursor)) {
    result.status = push_out();
    result.bytes += settle();
    if (result.status != IoStatus::kOk) return result;
  }
  if (dead_) {
    push_out();  // the work space must not keep bytes of this stream
    result.status = IoStatus::kError;
  }
  return result;
}

IoResult TlsStream::flush() {
  if (dead_) return {.status = IoStatus::kError};
  return {.status = push_out()};
}

IoResult TlsStream::shutdown_write() {
  if (dead_ || !ready_) return {.status = IoStatus::kError};
  if (!std::exchange(notified_, true)) {
    ERR_clear_error();
    SSL_shutdown(ssl_);  // seals close_notify; the peer's is read like any other record
    ERR_clear_error();
  }
  const IoStatus sent = push_out();
  if (sent == IoStatus::kOk) socket_.finish();
  return {.status = sent};
}

}  // namespace ron::transport
