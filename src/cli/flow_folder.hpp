/// The flows that lie in a folder and below it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "flow/flow_file.hpp"

namespace cordyna::cli {

struct FolderFlow {
  std::string file;
  std::shared_ptr<const Flow> flow;
  std::string canonical;
};

struct FlowFolder {
  std::vector<FolderFlow> flows;  ///< in order of their files
  std::size_t refused = 0;        ///< files with errors, or with the id of a flow before
};

/// Whether a text is meant to be a flow: it has `tasks` on the outermost level.
[[nodiscard]] bool is_meant_as_flow(std::string_view text);

/// All *.yaml and *.yml that are meant as flows, but not *.test.yaml,
/// not defaults.yaml, nor what lies in folders
/// whose name begins with a dot. One with errors is left out, and `report` hears each of its
/// findings; so does it of a flow that another file has already. Errors: kNotFound: no such folder;
/// kUnavailable.
[[nodiscard]] Result<FlowFolder> load_flows(const std::string& folder,
                                            const std::function<void(const std::string&)>& report);

}  // namespace cordyna::cli
