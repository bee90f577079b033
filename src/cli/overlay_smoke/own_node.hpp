// A node of the tool's own, on ephemeral ports of the loopback interface.
#pragma once

#include <memory>
#include <string>

#include "admin.hpp"
#include "cli/common/child.hpp"
#include "cli/common/tool.hpp"
#include "findings.hpp"

namespace ron::smoke {

class NodeProcess {
 public:
  /// Starts `path` and waits until it is ready. With `tls`: client certificates and hybrid key
  /// exchange required, with certificates of `ronctl tls init`; ronctl stands beside this program.
  /// Throws cli::Failed.
  NodeProcess(const std::string& path, bool tls);

  /// Sets url and certificates.
  void use(cli::Context& context) const;
  const AdminAddress& admin() const { return admin_; }
  std::chrono::milliseconds start_time() const { return start_time_; }
  bool running() { return child_->running(); }
  void reload();
  /// TERM; the exit code.
  int stop() { return child_->stop(); }

 private:
  cli::TempDir directory_;
  std::unique_ptr<cli::Child> child_;
  std::string tls_;  // directory of certificates, or empty
  std::string url_;
  AdminAddress admin_;
  std::chrono::milliseconds start_time_{0};
};

}  // namespace ron::smoke
