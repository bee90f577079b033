// For tests: a directory that goes away, and certificates in it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "crypto/issue.hpp"
#include "crypto/tls_context.hpp"

namespace ron::crypto::test {

class Directory {
 public:
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ron-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();  // 0700
    path_ = pattern;
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string at(const std::string& name) const { return path_ + "/" + name; }

  std::string write(const std::string& name, std::string_view text, mode_t mode) const {
    const std::string path = at(name);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }

 private:
  std::string path_;
};

struct Paths {
  std::string cert;
  std::string key;
};

/// A CA with its files; `issue` adds leaves.
class Authority {
 public:
  explicit Authority(const Directory& directory, const std::string& name = "ca",
                     KeyAlgorithm algorithm = KeyAlgorithm::kEd25519)
      : directory_(&directory), made_(make_ca({.algorithm = algorithm, .common_name = name})) {
    if (!made_) ADD_FAILURE() << made_.error();
    cert_ = directory.write(name + ".pem", made_->certificate_pem, 0644);
  }

  const std::string& cert() const { return cert_; }
  const Issued& made() const { return *made_; }

  Paths issue(const std::string& name, const LeafRequest& request) const {
    const auto leaf = make_leaf(request, made_->certificate_pem, made_->key_pem);
    if (!leaf) {
      ADD_FAILURE() << leaf.error();
      return {};
    }
    return {directory_->write(name + ".pem", leaf->certificate_pem, 0644),
            directory_->write(name + ".key", as_text(leaf->key_pem), 0600)};
  }
  Paths node(const std::string& name = "node",
             KeyAlgorithm algorithm = KeyAlgorithm::kEd25519) const {
    return issue(name, {.algorithm = algorithm,
                        .common_name = name,
                        .names = {"DNS:localhost", "IP:127.0.0.1", "URI:ron:node:" + name}});
  }
  Paths client(const std::string& name = "alice") const {
    return issue(name, {.common_name = name, .names = {"URI:ron:client:" + name}, .server = false});
  }

 private:
  const Directory* directory_;
  std::expected<Issued, std::string> made_;
  std::string cert_;
};

}  // namespace ron::crypto::test
