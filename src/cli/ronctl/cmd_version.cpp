// ronctl version.
#include <CLI/CLI.hpp>

#include "common.hpp"
#include "crypto/library.hpp"
#include "version.hpp"

namespace ron::cli {

void add_version(CLI::App& app, Context& context, Run& run) {
  CLI::App* command = app.add_subcommand("version", "Print the version and what it was built from");
  command->callback([&context, &run] {
    run = [&context] {
      const std::string openssl(crypto::library_version());
      if (context.json) {
        nlohmann::ordered_json out{
            {"version", kVersion}, {"git", kGitHash}, {"date", kBuildDate}, {"openssl", openssl}};
        print(out.dump() + "\n");
      } else {
        print(std::string("ronctl ") + kVersion + " (" + kGitHash + ", " + kBuildDate + "), " +
              openssl + "\n");
      }
      return static_cast<int>(kOk);
    };
  });
}

}  // namespace ron::cli
