/// Which package of Debian has a program, for messages that say that it is missing.
#pragma once

#include <string>
#include <string_view>

namespace cordyna {

/// "r-base-core" for "Rscript"; "" for a program that is not known here.
[[nodiscard]] std::string_view debian_package(std::string_view program);

/// "; Debian has it in r-base-core"; "" for a program that is not known here. `program` may be a
/// path.
[[nodiscard]] std::string debian_hint(std::string_view program);

}  // namespace cordyna
