/// The flows that lie in a folder and below it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "flow/flow_file.hpp"
#include "model/applied_flow.hpp"

namespace cordyna {

struct FolderFlow {
  std::string file;  ///< as it was named or found, for messages
  std::shared_ptr<const Flow> flow;
  std::string canonical;
  std::string text;  ///< of the file
};

/// A text as a state keeps it; of none, no row.
[[nodiscard]] FlowSourceRow source_of(std::string text);

struct FlowFolder {
  std::vector<FolderFlow> flows;             ///< in order of their files
  std::size_t refused = 0;                   ///< files with errors, or with the id of a flow before
  std::vector<std::string> refused_files{};  ///< these, as `path_of` gives those of flows
  std::vector<std::string> scopes{};  ///< what was looked at: folders and files, without links
};

/// The absolute path of a flow's file, without links.
[[nodiscard]] std::string path_of(const FolderFlow& flow);
/// Whether a file is one of what was looked at, or lies below it.
[[nodiscard]] bool in_scope(const FlowFolder& found, const std::string& file);

/// Whether a text is meant to be a flow: it has `tasks` on the outermost level.
[[nodiscard]] bool is_meant_as_flow(std::string_view text);

/// All *.yaml and *.yml that can be flows: not *.test.yaml, not defaults.yaml, nor what lies in
/// folders whose name begins with a dot; in order. `below`: also those of folders in it. Errors:
/// kUnavailable.
[[nodiscard]] Result<std::vector<std::string>> flow_files(const std::string& folder, bool below);

/// All *.yaml and *.yml that are meant as flows, but not *.test.yaml,
/// not defaults.yaml, nor what lies in folders
/// whose name begins with a dot. One with errors is left out, and `report` hears each of its
/// findings; so does it of a flow that another file has already. Errors: kNotFound: no such folder;
/// kUnavailable.
[[nodiscard]] Result<FlowFolder> load_flows(const std::string& folder,
                                            const std::function<void(const std::string&)>& report,
                                            const PluginTypes* types = nullptr);
/// The same of several paths: folders, and files, which are meant as flows whatever they hold. A
/// file that is found twice counts once. Errors: kNotFound: one of them is not there.
[[nodiscard]] Result<FlowFolder> load_flows(const std::vector<std::string>& paths,
                                            const std::function<void(const std::string&)>& report,
                                            const PluginTypes* types = nullptr);
/// Whether a file that is called so can be a flow, or what a flow is made of: any *.yaml or *.yml.
[[nodiscard]] bool concerns_flows(std::string_view file_name);

}  // namespace cordyna
