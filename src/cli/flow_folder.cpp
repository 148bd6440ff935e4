#include "cli/flow_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "flow/text_file.hpp"

namespace cordyna::cli {
namespace {

namespace fs = std::filesystem;

bool has_flow_name(const fs::path& file) {
  const std::string name = file.filename().string();
  if (name == "defaults.yaml") return false;  // for flows, and none itself
  if (name.starts_with('.') || name.ends_with(".test.yaml") || name.ends_with(".test.yml")) {
    return false;
  }
  return name.ends_with(".yaml") || name.ends_with(".yml");
}

Result<std::vector<std::string>> yaml_files(const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return fail(ErrorCode::kNotFound, fmt::format("{}: is no folder; name one with flows", folder));
  }
  std::vector<std::string> files;
  const auto options = fs::directory_options::skip_permission_denied;
  fs::recursive_directory_iterator at(folder, options, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    std::error_code ignored;
    if (at->is_directory(ignored)) {
      const bool hidden = at->path().filename().string().starts_with('.');
      if (hidden) at.disable_recursion_pending();
    } else if (has_flow_name(at->path())) {
      files.push_back(at->path().string());
    }
  }
  if (error) {
    return fail(ErrorCode::kUnavailable, fmt::format("folder {}: {}", folder, error.message()));
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

bool is_meant_as_flow(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin != std::string_view::npos && text[begin] == '{') {
    return text.find("\"tasks\"") != std::string_view::npos;
  }
  for (const std::string_view key : {"tasks:", "\"tasks\":", "'tasks':", "tasks :"}) {
    if (text.starts_with(key)) return true;
    if (text.find("\n" + std::string(key)) != std::string_view::npos) return true;
  }
  return false;
}

Result<FlowFolder> load_flows(const std::string& folder,
                              const std::function<void(const std::string&)>& report) {
  TRY_ASSIGN(const std::vector<std::string> files, yaml_files(folder));
  FlowFolder found;
  std::map<std::pair<std::string, std::string>, std::string> known;  // namespace, id → file
  const auto refuse = [&](const std::string& why) {
    report(why);
    ++found.refused;
  };
  for (const std::string& file : files) {
    const auto text = flow::read_text_file(file, flow::kFlowBytesMax);
    if (!text.has_value()) {
      refuse(text.error().message);
      continue;
    }
    if (!is_meant_as_flow(*text)) continue;
    auto parsed = flow::parse_file(file);
    if (!parsed.has_value()) {
      refuse(parsed.error().message);
      continue;
    }
    for (const flow::Diagnostic& one : parsed->diagnostics) report(flow::format(one));
    if (parsed->flow == nullptr) {
      ++found.refused;
      continue;
    }
    const auto [first, fresh] = known.emplace(std::pair(parsed->flow->ns, parsed->flow->id), file);
    if (!fresh) {
      refuse(
          fmt::format("{}: error: flow '{}' is in {} already; give one of them another id or "
                      "namespace",
                      file, parsed->flow->id, first->second));
      continue;
    }
    found.flows.push_back({file, std::move(parsed->flow), std::move(parsed->canonical)});
  }
  return found;
}

}  // namespace cordyna::cli
