#include "cli/flow_lookup.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/nearest.hpp"
#include "base/text.hpp"
#include "cli/named_flow.hpp"
#include "flow/flow_file.hpp"
#include "service/flow_folder.hpp"

namespace cordyna::cli {
namespace {

// Runs that are looked through for a flow of the wanted namespace.
constexpr std::uint32_t kRunsSeen = 1000;

struct Wanted {
  std::string id;
  std::string ns;
  bool any_namespace = true;
};

Wanted wanted(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  if (slash == std::string::npos) return {name, {}, true};
  return {name.substr(slash + 1), name.substr(0, slash), false};
}

bool fits(const Wanted& want, const std::string& ns, const std::string& id) {
  return id == want.id && (want.any_namespace || ns == want.ns);
}

std::unexpected<Error> several(const std::string& name, const std::set<std::string>& names) {
  std::string all;
  for (const std::string& one : names) all += (all.empty() ? "" : ", ") + one;
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("several flows have the id '{}'; name one: {}", printable(name), all));
}

}  // namespace

bool names_flow_file(const std::string& name) {
  if (name.ends_with(".yaml") || name.ends_with(".yml")) return true;
  std::error_code ignored;
  const std::filesystem::path folder(name);
  return std::filesystem::exists(folder / "flow.yaml", ignored) ||
         std::filesystem::exists(folder / "flow.yml", ignored);
}

Result<FlowTarget> find_flow(StoreReader& reader, const std::string& folder,
                             const std::string& name, const PluginTypes* types) {
  const Wanted want = wanted(name);
  std::vector<FlowTarget> found;
  std::set<std::string> names;
  std::vector<std::string> known;
  const auto folder_flows =
      folder.empty() ? Result<FlowFolder>() : load_flows(folder, [](const std::string&) {}, types);
  if (folder_flows.has_value()) {
    for (const FolderFlow& one : folder_flows->flows) {
      known.push_back(one.flow->id);
      if (!fits(want, one.flow->ns, one.flow->id)) continue;
      found.push_back({one.flow->ns, one.flow->id, one.flow});
      names.insert(found.back().name());
    }
  }
  if (names.size() > 1) return several(name, names);
  if (!found.empty()) return std::move(found.front());

  const auto applied = find_by_name(reader, name);
  if (applied.has_value()) {
    TRY_ASSIGN(const FlowVersionRow version, reader.find_flow(applied->hash));
    TRY_ASSIGN(auto flow, flow::from_canonical(version.canonical, applied->folder));
    return FlowTarget{applied->ns, applied->flow_id, std::move(flow)};
  }
  if (applied.error().code != ErrorCode::kNotFound) return std::unexpected<Error>(applied.error());

  RunFilter filter;
  filter.flow_id = want.id;
  filter.limit = kRunsSeen;
  TRY_ASSIGN(const std::vector<RunRow> runs, reader.list_runs(filter));
  const RunRow* newest = nullptr;
  for (const RunRow& run : runs) {
    if (!fits(want, run.ns, run.flow_id)) continue;
    names.insert(run.ns.empty() ? run.flow_id : run.ns + "/" + run.flow_id);
    if (newest == nullptr) newest = &run;
  }
  if (names.size() > 1) return several(name, names);
  if (newest != nullptr) {
    TRY_ASSIGN(const FlowVersionRow version, reader.find_flow(newest->flow_hash));
    TRY_ASSIGN(auto flow, flow::from_canonical(version.canonical, newest->folder));
    return FlowTarget{newest->ns, newest->flow_id, std::move(flow)};
  }
  const std::vector<std::string_view> words(known.begin(), known.end());
  const std::string near = nearest(want.id, words);
  return fail(ErrorCode::kNotFound,
              near.empty() ? ""
                           : fmt::format("there is no run and no flow '{}'; did you mean '{}'?",
                                         printable(name), near));
}

}  // namespace cordyna::cli
