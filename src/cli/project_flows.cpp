#include "cli/project_flows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "base/nearest.hpp"
#include "base/text.hpp"
#include "flow/flow_file.hpp"
#include "flow/project_folder.hpp"
#include "flow/text_file.hpp"
#include "model/applied_flow.hpp"
#include "service/flow_folder.hpp"

namespace cordyna::cli {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

/// The plain or quoted scalar of `key` on the outermost level; empty: none is seen.
std::string_view outermost(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool quoted = line.starts_with('"') || line.starts_with('\'');
    if (quoted) line.remove_prefix(1);
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    if (quoted && !line.empty()) line.remove_prefix(1);
    line = trimmed(line);
    if (!line.starts_with(':')) continue;
    line = trimmed(line.substr(1));
    if (line.starts_with('"') || line.starts_with('\'')) {
      const std::size_t close = line.find(line.front(), 1);
      return close == std::string_view::npos ? std::string_view() : line.substr(1, close - 1);
    }
    return trimmed(line.substr(0, line.find(" #")));
  }
  return {};
}

}  // namespace

std::string name_in_text(std::string_view text) {
  const std::string id(outermost(text, "id"));
  if (id.empty()) return {};
  return flow_name(std::string(outermost(text, "namespace")), id);
}

ProjectFlows::ProjectFlows(const std::string& folder, const PluginTypes* types)
    : folder_(flow::project_folder(folder)), types_(types) {
  std::error_code ignored;
  below_ = std::filesystem::exists(folder_ + "/cordyna.yaml", ignored);
}

Result<FoundFlow> ProjectFlows::find(std::string_view name, std::string_view ns) {
  const std::string wanted =
      name.contains('/') ? std::string(name) : flow_name(std::string(ns), std::string(name));
  TRY_ASSIGN(const std::vector<std::string> files, flow_files(folder_, below_));
  std::vector<std::string> having;
  std::set<std::string> names;
  for (const std::string& file : files) {
    const auto text = flow::read_text_file(file, flow::kFlowBytesMax);
    // One that cannot be read cannot be the one that is wanted, as far as anybody can tell.
    if (!text.has_value() || !is_meant_as_flow(*text)) continue;
    std::string its_name = name_in_text(*text);
    if (its_name.empty()) {
      // Written in a way that only the parser reads: as JSON, say.
      const auto parsed = flow::parse_file(file, types_);
      if (!parsed.has_value() || parsed->flow == nullptr) continue;
      its_name = flow_name(parsed->flow->ns, parsed->flow->id);
    }
    if (its_name == wanted) having.push_back(file);
    names.insert(std::move(its_name));
  }
  if (having.empty()) {
    const std::vector<std::string_view> views(names.begin(), names.end());
    const std::string near = nearest(wanted, views);
    return fail(ErrorCode::kNotFound,
                fmt::format("no flow '{}' among the files in {}{}", printable(wanted), folder_,
                            near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
  }
  if (having.size() > 1) {
    return fail(
        ErrorCode::kConflict,
        fmt::format("flow '{}' is in {} and in {}; give one of them another id or namespace",
                    wanted, having[0], having[1]));
  }
  TRY_ASSIGN(flow::Parsed parsed, flow::parse_file(having.front(), types_));
  if (parsed.flow == nullptr) {
    const auto first =
        std::ranges::find(parsed.diagnostics, flow::Severity::kError, &flow::Diagnostic::severity);
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("flow '{}' has errors: {}", wanted, flow::format(*first)));
  }
  return FoundFlow{std::move(parsed.flow), std::move(parsed.canonical)};
}

}  // namespace cordyna::cli
