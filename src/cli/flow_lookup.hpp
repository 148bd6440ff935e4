/// Finds the flow that somebody names.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "model/flow.hpp"
#include "ports/plugin_types.hpp"
#include "ports/store.hpp"

namespace cordyna::cli {

struct FlowTarget {
  std::string ns;
  std::string id;
  std::shared_ptr<const Flow> flow;

  /// "namespace/id", or the id alone.
  [[nodiscard]] std::string name() const { return ns.empty() ? id : ns + "/" + id; }
};

/// Whether a name is that of a flow's file, or of a folder with one.
[[nodiscard]] bool names_flow_file(const std::string& name);

/// `name`: an id, or "namespace/id". The flows that lie in `folder` (empty: none) and below it come
/// first, since what is declared today counts; then those that were applied; else the version of
/// the newest run. Errors: kNotFound: no such flow, without a message where none has a name near to
/// it; kInvalidArgument: several namespaces have one; those of the store.
[[nodiscard]] Result<FlowTarget> find_flow(StoreReader& reader, const std::string& folder,
                                           const std::string& name,
                                           const PluginTypes* types = nullptr);

}  // namespace cordyna::cli
