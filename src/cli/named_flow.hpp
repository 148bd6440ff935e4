/// The flow that a command is given: a file, or the name of an applied one.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "cli/commands.hpp"
#include "client/api_client.hpp"
#include "model/applied_flow.hpp"
#include "model/layout.hpp"
#include "ports/flow_finder.hpp"
#include "service/flow_cache.hpp"

namespace cordyna::cli {

/// Whether a word is a file whatever the state knows: it ends in .yaml or .yml, or it has a path
/// separator in it and is there, or it is "." or "..".
[[nodiscard]] bool is_file_name(const std::string& word);

/// An applied flow by "namespace/id", or by an id that only one namespace has. Errors: kNotFound,
/// with the nearest name; kInvalidArgument: several namespaces have it, all named.
[[nodiscard]] Result<AppliedFlowRow> find_by_name(StoreReader& reader, const std::string& name);

struct GivenFlow {
  std::shared_ptr<const Flow> flow;  ///< null: its file has errors, which were printed
  std::string canonical;
  std::string file;                           ///< as messages name it
  StateLayout layout{""};                     ///< where its runs are kept; empty at a server
  std::optional<client::ApiClient> server{};  ///< nullopt: a state folder
  std::string ns{};                           ///< of a name
  Disabling disabled{};                       ///< of a name
};

/// A word that is no file name is a name; where the state has no such flow, but there is a file or
/// a folder that is called so, it is that. At a server there are only names. Errors: those of
/// reading the file and of find_by_name; kInvalidArgument: a file, and a server is meant.
[[nodiscard]] Result<GivenFlow> find_given(const CommandContext& context, const std::string& word);

/// The applied flows of a state. Borrows both.
class AppliedFinder final : public FlowFinder {
 public:
  AppliedFinder(StoreReader& reader, FlowCache& flows) : reader_(reader), flows_(flows) {}
  [[nodiscard]] Result<FoundFlow> find(std::string_view name, std::string_view ns) override;

 private:
  StoreReader& reader_;
  FlowCache& flows_;
};

}  // namespace cordyna::cli
