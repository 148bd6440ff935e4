#include "cli/named_flow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/nearest.hpp"
#include "base/text.hpp"
#include "cli/side.hpp"
#include "cli/up_report.hpp"
#include "flow/flow_file.hpp"
#include "service/apply_plan.hpp"

namespace cordyna::cli {
namespace {

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

std::unexpected<Error> unknown(StoreReader& reader, const std::string& name) {
  const auto rows = all_applied(reader, {});
  if (!rows.has_value()) return std::unexpected<Error>(rows.error());
  std::vector<std::string> names;
  names.reserve(2 * rows->size());
  for (const AppliedFlowRow& row : *rows) {
    names.push_back(flow_name(row.ns, row.flow_id));
    if (!row.ns.empty() && !name.contains('/')) names.push_back(row.flow_id);
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string near = nearest(name, views);
  std::string hint = "'dyna flows' lists those that are";
  if (!near.empty()) hint = fmt::format("did you mean '{}'?", near);
  if (names.empty()) hint = "none is: 'dyna apply PATH' makes flows known by name";
  return fail(ErrorCode::kNotFound, fmt::format("no applied flow '{}'; {}", printable(name), hint));
}

Result<AppliedFlowRow> find_exactly(StoreReader& reader, const std::string& ns,
                                    const std::string& id, const std::string& name) {
  auto row = reader.find_applied(ns, id);
  if (!row.has_value()) {
    if (row.error().code == ErrorCode::kNotFound) return unknown(reader, name);
    return row;
  }
  if (row->removed_at == 0) return row;
  return fail(ErrorCode::kNotFound,
              fmt::format("flow '{}' was removed at {}; 'dyna apply' of its file brings it back",
                          printable(name), seconds_text(row->removed_at)));
}

Result<GivenFlow> from_file(const CommandContext& context, const std::string& file) {
  TRY_ASSIGN(flow::Parsed parsed, parse_and_report(context, file));
  StateLayout layout("");
  if (parsed.flow != nullptr) layout = state_for_flow(context.choice, parsed.flow->folder);
  GivenFlow given;
  given.flow = std::move(parsed.flow);
  given.canonical = std::move(parsed.canonical);
  given.file = std::move(parsed.file);
  given.layout = std::move(layout);
  return given;
}

Result<GivenFlow> from_state(Side side, const std::string& name) {
  TRY_ASSIGN(const AppliedFlowRow row, find_by_name(*side.reader, name));
  TRY_ASSIGN(FlowVersionRow version, side.reader->find_flow(row.hash));
  TRY_ASSIGN(std::shared_ptr<const Flow> flow, flow::from_canonical(version.canonical, row.folder));
  GivenFlow given;
  given.flow = std::move(flow);
  given.canonical = std::move(version.canonical);
  given.file = row.file;
  given.layout = std::move(side.layout);
  given.server = std::move(side.server);
  given.ns = row.ns;
  given.disabled = row.disabled;
  return given;
}

/// Flows of a server run by name: what lies on this machine is not there.
std::unexpected<Error> no_file_there(const client::ApiClient& server, const std::string& file) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{} is a file of this machine, and server {} knows flows by name: 'dyna "
                          "apply {}' brings it there, --server local works on it here",
                          printable(file), printable(server.shown()), printable(file)));
}

}  // namespace

bool is_file_name(const std::string& word) {
  if (word.ends_with(".yaml") || word.ends_with(".yml") || word == "." || word == "..") return true;
  return word.contains('/') && exists(word);
}

Result<AppliedFlowRow> find_by_name(StoreReader& reader, const std::string& name) {
  const std::size_t slash = name.rfind('/');
  if (slash != std::string::npos) {
    return find_exactly(reader, name.substr(0, slash), name.substr(slash + 1), name);
  }
  AppliedFilter filter;
  filter.flow_id = name;
  TRY_ASSIGN(std::vector<AppliedFlowRow> rows, all_applied(reader, filter));
  if (rows.size() == 1) return std::move(rows.front());
  if (rows.empty()) {
    filter.removed = true;
    TRY_ASSIGN(rows, all_applied(reader, filter));
    if (rows.empty()) return unknown(reader, name);
    return find_exactly(reader, rows.front().ns, name, flow_name(rows.front().ns, name));
  }
  std::vector<std::string> names;
  for (const AppliedFlowRow& row : rows) {
    // Without a namespace, the id is the whole name.
    if (row.ns.empty()) return row;
    names.push_back(flow_name(row.ns, row.flow_id));
  }
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("several flows have the id '{}': {}; name one of them with its namespace",
                          printable(name), fmt::join(names, ", ")));
}

Result<GivenFlow> find_given(const CommandContext& context, const std::string& word) {
  TRY_ASSIGN(const std::optional<client::Context> chosen, choose_server(context.words));
  const bool is_file = is_file_name(word);
  if (is_file && chosen.has_value()) return no_file_there(client::ApiClient(*chosen), word);
  if (is_file) return from_file(context, word);
  auto side = side_here(context);
  Result<GivenFlow> named =
      side.has_value() ? from_state(std::move(*side), word)
                       : Result<GivenFlow>(std::unexpected<Error>(std::move(side.error())));
  if (chosen.has_value()) return named;
  if (named.has_value() || named.error().code != ErrorCode::kNotFound) return named;
  if (exists(word)) return from_file(context, word);
  if (word.contains('/')) {
    named.error().message += fmt::format("; and there is no file {}", printable(word));
  }
  return named;
}

Result<FoundFlow> AppliedFinder::find(std::string_view name, std::string_view ns) {
  const std::string whole =
      name.contains('/') ? std::string(name) : flow_name(std::string(ns), std::string(name));
  const std::size_t slash = whole.rfind('/');
  const bool has_ns = slash != std::string::npos;
  TRY_ASSIGN(const AppliedFlowRow row,
             find_exactly(reader_, has_ns ? whole.substr(0, slash) : "",
                          has_ns ? whole.substr(slash + 1) : whole, whole));
  TRY_ASSIGN(FlowVersionRow version, reader_.find_flow(row.hash));
  FoundFlow found;
  TRY_ASSIGN(found.flow, flows_.load(version.canonical, row.folder));
  found.canonical = std::move(version.canonical);
  return found;
}

}  // namespace cordyna::cli
