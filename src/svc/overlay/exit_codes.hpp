// What the process tells its caller at the end; listed in --help.
#pragma once

namespace ron::svc {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;  // a fault while running
inline constexpr int kExitUsage = 2;    // wrong command line
inline constexpr int kExitBind = 69;    // a listener could not be opened (sysexits EX_UNAVAILABLE)
inline constexpr int kExitConfig = 78;  // wrong configuration (sysexits EX_CONFIG)
// A second signal ends the process at once with 128 + its number: 130 (INT), 143 (TERM).
inline constexpr int kExitSignalBase = 128;

}  // namespace ron::svc
