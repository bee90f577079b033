// What was built, from what: texts that are never empty, also outside git.
#pragma once

namespace ron {
extern const char* const kVersion;    // semantic version
extern const char* const kGitHash;    // twelve digits, "-dirty" when the tree was changed
extern const char* const kBuildDate;  // of the commit, so that builds can be reproduced
}  // namespace ron
