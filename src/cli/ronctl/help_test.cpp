// The command line as people see it: help held by golden files, completions and man pages that
// their own tools accept.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app.hpp"
#include "cli/common/child.hpp"
#include "completion.hpp"
#include "man_page.hpp"

namespace ron::cli {
namespace {

namespace fs = std::filesystem;

CommandInfo tree() {
  CLI::App app;
  Context context;
  Run run;
  build_app(app, context, run);
  return command_tree(app);
}

std::string contents(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

std::string help_of(const std::string& path) {
  CLI::App app;
  Context context;
  Run run;
  build_app(app, context, run);
  std::vector<std::string> words = {"--help"};
  std::istringstream parts(
      path.substr(path.find(' ') == std::string::npos ? path.size() : path.find(' ')));
  for (std::string word; parts >> word;) words.push_back(word);
  std::reverse(words.begin() + 1, words.end());  // CLI11 takes them last first
  try {
    app.parse(words);
  } catch (const CLI::CallForHelp&) {
    return app.help();
  }
  return "no help";
}

std::vector<std::string> paths_of(const CommandInfo& command) {
  std::vector<std::string> out = {command.path};
  for (const CommandInfo& one : command.commands)
    for (std::string& path : paths_of(one)) out.push_back(std::move(path));
  return out;
}

TEST(Help, IsAsTheGoldenFilesHoldIt) {
  const fs::path directory = fs::path(RON_SOURCE_DIR) / "docs" / "api-history" / "cli";
  const bool update = std::getenv("RON_UPDATE_GOLDEN") != nullptr;
  fs::create_directories(directory);
  std::vector<fs::path> known;
  for (std::string path : paths_of(tree())) {
    const std::string help = help_of(path);
    std::ranges::replace(path, ' ', '-');
    const fs::path file = directory / (path + ".txt");
    known.push_back(file);
    if (update) std::ofstream(file) << help;
    EXPECT_EQ(contents(file), help)
        << file << ": run this test with RON_UPDATE_GOLDEN=1 and read the difference";
  }
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (!entry.path().filename().string().starts_with("ronctl")) continue;
    EXPECT_NE(std::ranges::find(known, entry.path()), known.end())
        << entry.path() << " belongs to no command any more";
  }
}

TEST(Help, EveryCommandAndOptionSaysWhatItIs) {
  const std::function<void(const CommandInfo&)> look = [&](const CommandInfo& command) {
    EXPECT_FALSE(command.about.empty()) << command.path;
    for (const OptionInfo& option : command.options)
      EXPECT_FALSE(option.about.empty()) << command.path << " " << option.name();
    for (const CommandInfo& one : command.commands) look(one);
  };
  look(tree());
}

bool installed(const std::string& program) {
  return !output_of({"/bin/sh", "-c", "command -v " + program}, 4096).empty();
}

// The exit code of a command that reads `text` as its last argument, a file; its output on failure.
void accepts(std::vector<std::string> command, const std::string& text, bool silent = false) {
  const TempDir directory;
  const std::string file = directory.path() + "/text";
  std::ofstream(file) << text;
  command.push_back(file);
  const std::string log = directory.path() + "/log";
  Child child(command, log);
  EXPECT_EQ(child.wait(), 0) << contents(log);
  if (silent) EXPECT_EQ(contents(log), "");
}

TEST(Completion, BashTakesIt) { accepts({"/bin/bash", "-n"}, bash_completion(tree())); }

TEST(Completion, ZshTakesIt) {
  ASSERT_TRUE(installed("zsh")) << "./dev setup installs zsh";
  accepts({"/bin/sh", "-c", "exec zsh -n \"$0\""}, zsh_completion(tree()));
}

TEST(Completion, FishTakesIt) {
  ASSERT_TRUE(installed("fish")) << "./dev setup installs fish";
  accepts({"/bin/sh", "-c", "exec fish --no-execute \"$0\""}, fish_completion(tree()));
}

// What bash offers at the end of a line.
std::string offered(const std::string& line) {
  const TempDir directory;
  const std::string file = directory.path() + "/ronctl.bash";
  std::ofstream(file) << bash_completion(tree());
  const std::string script =
      "source " + file + "; COMP_WORDS=(" + line +
      "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _ronctl; echo \"${COMPREPLY[*]}\"";
  return output_of({"/bin/bash", "-c", script}, 1U << 16U);
}

TEST(Completion, BashOffersWhatFits) {
  EXPECT_EQ(offered("ronctl sess"), "sessions\n");
  EXPECT_EQ(offered("ronctl debug ''").substr(0, 7), "bundle ");
  EXPECT_EQ(offered("ronctl sessions --ord"), "--order\n");
  EXPECT_EQ(offered("ronctl sessions --order d"), "dropped delivered\n");
  EXPECT_EQ(offered("ronctl --pq h"), "hybrid\n");
  EXPECT_EQ(offered("ronctl sessions --pq h"), "hybrid\n")
      << "options of the program hold anywhere";
  EXPECT_EQ(offered("ronctl --json log-level e"), "error\n");
}

TEST(ManPage, GroffHasNothingToSay) {
  ASSERT_TRUE(installed("groff")) << "./dev setup installs groff";
  const std::vector<std::string> groff = {"/bin/sh", "-c", "exec groff -ww -man -Tutf8 -z \"$0\""};
  accepts(groff, ronctl_man_page(tree(), "1.2.3", "2026-01-31"), true);
  accepts(groff, overlay_man_page("1.2.3", "2026-01-31"), true);
}

TEST(ManPage, MandocHasNothingToSay) {
  ASSERT_TRUE(installed("mandoc")) << "./dev setup installs mandoc";
  const std::vector<std::string> mandoc = {"/bin/sh", "-c", "exec mandoc -T lint -W error \"$0\""};
  accepts(mandoc, ronctl_man_page(tree(), "1.2.3", "2026-01-31"), true);
  accepts(mandoc, overlay_man_page("1.2.3", "2026-01-31"), true);
}

TEST(ManPage, NamesEveryCommandAndKey) {
  const std::string page = ronctl_man_page(tree(), "1.2.3", "2026-01-31");
  for (const char* name :
       {".SS ronctl sub\n", ".SS ronctl debug bundle\n", ".SS ronctl context use\n"})
    EXPECT_NE(page.find(name), std::string::npos) << name;
  const std::string overlay = overlay_man_page("1.2.3", "2026-01-31");
  EXPECT_NE(overlay.find("\\fBtransport.max_conns\\fR"), std::string::npos);
}

}  // namespace
}  // namespace ron::cli
