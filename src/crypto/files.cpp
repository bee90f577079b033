#include "crypto/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace ron::crypto {

// systemd 254 and newer show a service its credentials as 0440, in a directory that only it may
// enter.
bool is_credential(const std::string& path) {
  const char* directory = ::secure_getenv("CREDENTIALS_DIRECTORY");
  return directory != nullptr && *directory != '\0' &&
         path.starts_with(std::string(directory) + '/');
}

namespace {

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int value() const { return fd_; }

 private:
  int fd_;
};

std::string octal(mode_t mode) {
  std::string text = "0000";
  for (unsigned i = 0; i < 4; ++i) text[3 - i] = static_cast<char>('0' + ((mode >> (3 * i)) & 7U));
  return text;
}

// Judged on the open file, so that it cannot be exchanged between check and read.
std::expected<void, std::string> check_secret(const std::string& path, const struct stat& info) {
  if ((info.st_mode & (is_credential(path) ? 037U : 077U)) != 0) {
    return std::unexpected(path + " can be used by others (mode " + octal(info.st_mode & 07777U) +
                           "): run  chmod 600 " + path);
  }
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    return std::unexpected(path + " belongs to user " + std::to_string(info.st_uid) +
                           ", not to this process's user or root: run  chown " +
                           std::to_string(::geteuid()) + " " + path);
  }
  return {};
}

std::expected<void, std::string> check_public(const std::string& path, const struct stat& info) {
  if ((info.st_mode & 022U) == 0) return {};
  return std::unexpected(path + " can be written by others (mode " + octal(info.st_mode & 07777U) +
                         "): run  chmod go-w " + path);
}

template <typename Bytes, typename Check>
std::expected<Bytes, std::string> read_checked(const std::string& path, Check check) {
  const auto failed = [&](const char* what) {
    return std::unexpected(std::string(what) + " " + path + ": " + std::strerror(errno));
  };
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.value() < 0) return failed("cannot open");
  struct stat info{};
  if (::fstat(file.value(), &info) != 0) return failed("cannot inspect");
  if (!S_ISREG(info.st_mode)) return std::unexpected(path + " is not a regular file");
  if (auto ok = check(path, info); !ok) return std::unexpected(ok.error());
  if (info.st_size > static_cast<off_t>(kPemFileMax)) {
    return std::unexpected(path + " is larger than 1 MiB: not a key or certificate");
  }
  Bytes bytes;
  bytes.resize(static_cast<std::size_t>(info.st_size));
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::read(file.value(), bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("cannot read");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  if (bytes.empty()) return std::unexpected(path + " is empty");
  return bytes;
}

}  // namespace

namespace {

template <typename Check>
bool is_usable(const std::string& path, Check check) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
         ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0 && check(path, info);
}

}  // namespace

bool check_secret_file(const std::string& path) { return is_usable(path, check_secret); }
bool check_public_file(const std::string& path) { return is_usable(path, check_public); }

std::expected<SecureBytes, std::string> read_secret_file(const std::string& path) {
  return read_checked<SecureBytes>(path, check_secret);
}

std::expected<std::string, std::string> read_public_file(const std::string& path) {
  return read_checked<std::string>(path, check_public);
}

}  // namespace ron::crypto
