#include "cli/flow_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "cli/flows_of_paths.hpp"
#include "cli/side.hpp"
#include "network/declared_flow.hpp"
#include "service/apply_plan.hpp"

namespace cordyna::cli {
namespace {

namespace fs = std::filesystem;

std::string absolute_of(const std::string& path) {
  std::error_code error;
  fs::path whole = fs::weakly_canonical(path, error);
  if (error) whole = fs::absolute(path, error).lexically_normal();
  return whole.string();
}

std::shared_ptr<const Flow> in_folder(const Flow& flow, std::string folder) {
  auto moved = std::make_shared<Flow>(flow);
  moved->folder = std::move(folder);
  return moved;
}

class NetworkReader {
 public:
  explicit NetworkReader(const CommandContext& context)
      : context_(context), options_(context.arguments.mesh), now_(context.parts.clock->wall()) {}

  Result<FlowNetwork> read() {
    TRY(read_applied());
    for (const std::string& folder : options_.networks) TRY(put_folder(folder));
    if (!options_.base.empty()) TRY(put_base());
    TRY(read_changes());
    TRY(read_tasks());
    if (!found_.changes.empty() && found_.before.nodes().empty()) {
      return fail(ErrorCode::kInvalidArgument,
                  "nothing is known of others: no flow is applied here; --network DIR names "
                  "folders with theirs, --base DIR how yours are now, --server where they are "
                  "applied");
    }
    return std::move(found_);
  }

 private:
  void put(std::shared_ptr<const Flow> flow) {
    found_.before.put(mesh::node_of(std::move(flow), now_));
  }

  /// A state that is not there knows nothing.
  Result<> read_applied() {
    auto side = side_here(context_);
    if (!side.has_value()) {
      if (side.error().code != ErrorCode::kNotFound) return std::unexpected<Error>(side.error());
      return {};
    }
    found_.at_server = side->server.has_value();
    TRY_ASSIGN(applied_, all_applied(*side->reader, {}));
    for (const AppliedFlowRow& row : applied_) {
      TRY_ASSIGN(const FlowVersionRow version, side->reader->find_flow(row.hash));
      TRY_ASSIGN(auto flow, flow::from_canonical(version.canonical, row.folder));
      if (!found_.at_server) found_.files[flow_name(row.ns, row.flow_id)] = row.file;
      put(std::move(flow));
    }
    return {};
  }

  Result<FlowFolder> load(const std::vector<std::string>& paths) {
    TRY_ASSIGN(FlowFolder found, flows_of_paths(context_, paths));
    if (found.refused == 0) return found;
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("{} with errors: nothing can be said of it", counted(found.refused, "file")));
  }

  /// A server does not say where its files lie: then those here have no place either.
  [[nodiscard]] std::shared_ptr<const Flow> placed(std::shared_ptr<const Flow> flow) const {
    return found_.at_server ? in_folder(*flow, {}) : std::move(flow);
  }

  Result<> put_folder(const std::string& folder) {
    TRY_ASSIGN(const FlowFolder found, load({folder}));
    for (const FolderFlow& one : found.flows) {
      found_.files[flow_name(one.flow->ns, one.flow->id)] = one.file;
      put(placed(one.flow));
    }
    return {};
  }

  /// As if they lay where those of the path do.
  Result<> put_base() {
    const auto& paths = context_.arguments.files;
    std::error_code error;
    if (paths.size() != 1 || !fs::is_directory(paths.front(), error)) {
      return fail(ErrorCode::kInvalidArgument,
                  "--base DIR is compared with one folder: give that, and nothing else");
    }
    const std::string there = absolute_of(options_.base);
    const std::string here = absolute_of(paths.front());
    TRY_ASSIGN(const FlowFolder found, load({options_.base}));
    for (const FolderFlow& one : found.flows) {
      std::string folder = one.flow->folder;
      if (folder == there || folder.starts_with(there + "/"))
        folder = here + folder.substr(there.size());
      put(placed(in_folder(*one.flow, std::move(folder))));
      based_.insert(flow_name(one.flow->ns, one.flow->id));
    }
    return {};
  }

  Result<> read_changes() {
    const auto& paths = context_.arguments.files;
    if (paths.empty()) return {};
    TRY_ASSIGN(const FlowFolder found, load(paths));
    std::set<std::string> there;
    for (const FolderFlow& one : found.flows) {
      const std::string name = flow_name(one.flow->ns, one.flow->id);
      there.insert(name);
      found_.files[name] = one.file;
      found_.changes.push_back({name, placed(one.flow)});
    }
    // What lay there, and does not any more.
    std::set<std::string> gone = based_;
    for (const AppliedFlowRow& row : applied_) {
      if (in_scope(found, row.file)) gone.insert(flow_name(row.ns, row.flow_id));
    }
    for (const std::string& name : gone) {
      if (!there.contains(name)) found_.changes.push_back({name, nullptr});
    }
    return {};
  }

  /// Declarations take the place of those of the servers that have declared these tasks.
  Result<> read_tasks() {
    for (const std::string& path : options_.tasks) {
      std::ifstream file(path, std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      if (!file) {
        return fail(ErrorCode::kNotFound, fmt::format("{}: cannot be read", printable(path)));
      }
      auto tasks = network::read_declarations(text);
      if (!tasks.has_value()) return fail(printable(path), tasks.error());
      TRY(put_tasks(path, *tasks));
    }
    return {};
  }

  Result<> put_tasks(const std::string& path, const std::vector<protocol::Declaration>& tasks) {
    std::set<std::string> names;
    std::set<network::ServerName> servers;
    for (const protocol::Declaration& task : tasks) {
      names.insert(flow_name(task.team, task.id));
      const network::ServerName server = server_of(flow_name(task.team, task.id));
      if (!server.server.empty()) servers.insert(server);
    }
    for (const protocol::Declaration& task : tasks) {
      const std::string name = flow_name(task.team, task.id);
      network::ServerName server = server_of(name);
      if (server.server.empty()) {
        server = {task.team, servers.empty() ? "new" : servers.begin()->server};
      }
      const flow::Parsed parsed = flow::parse(network::flow_text(server, task), path, "/");
      if (parsed.flow == nullptr) {
        return fail(ErrorCode::kInvalidArgument,
                    fmt::format("{}: task '{}': {}", printable(path), printable(task.id),
                                parsed.diagnostics.front().message));
      }
      found_.changes.push_back({name, parsed.flow});
    }
    for (const auto& [name, node] : found_.before.nodes()) {
      if (servers.contains(network::declarer_of(*node.flow)) && !names.contains(name)) {
        found_.changes.push_back({name, nullptr});
      }
    }
    return {};
  }

  [[nodiscard]] network::ServerName server_of(const std::string& name) const {
    const mesh::Node* const node = found_.before.find(name);
    return node == nullptr ? network::ServerName() : network::declarer_of(*node->flow);
  }

  const CommandContext& context_;
  const MeshOptions& options_;
  Millis now_;
  FlowNetwork found_;
  std::vector<AppliedFlowRow> applied_;
  std::set<std::string> based_;
};

}  // namespace

Result<FlowNetwork> network_here(const CommandContext& context) {
  return NetworkReader(context).read();
}

}  // namespace cordyna::cli
