/// What `dyna impact` and `dyna test --downstream` say of a change: for people, for programs, and
/// for a pull request.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "cli/flow_network.hpp"
#include "cli/palette.hpp"
#include "mesh/impact.hpp"

namespace cordyna::cli {

/// "changed", "new", "gone".
[[nodiscard]] std::string_view change_word(const FlowNetwork& network, const mesh::Change& change);

[[nodiscard]] std::string impact_text(const FlowNetwork& network, const mesh::Impact& impact,
                                      const Palette& palette);
[[nodiscard]] std::string impact_json(const FlowNetwork& network, const mesh::Impact& impact);
/// With a diagram, as GitHub and GitLab draw it.
[[nodiscard]] std::string impact_markdown(const FlowNetwork& network, const mesh::Impact& impact);

/// One break in a few lines, without the last line end.
[[nodiscard]] std::string break_text(const FlowNetwork& network, const mesh::Break& found);
/// A JSON object.
[[nodiscard]] std::string break_json(const FlowNetwork& network, const mesh::Break& found);

}  // namespace cordyna::cli
