/// The difference of two texts by lines, as `diff -u` writes it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cordyna {

/// The lines of a unified diff with three lines of context, without headers and line ends: "@@ …
/// @@", then lines that begin with ' ', '-' or '+'. Empty: the texts are equal. Of texts that
/// differ in more than a few thousand lines, the differing middle is shown as removed and added
/// whole.
[[nodiscard]] std::vector<std::string> unified_diff(std::string_view before,
                                                    std::string_view after);

}  // namespace cordyna
