#include "service/flow_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "flow/sha256.hpp"
#include "flow/text_file.hpp"

namespace cordyna {
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

using Report = std::function<void(const std::string&)>;

/// Whether a file is a flow.
enum class Meant : std::uint8_t { kIfItHasTasks, kAlways };

/// Reads files one by one, and knows their names.
class Loader {
 public:
  Loader(const Report& report, const PluginTypes* types) : report_(report), types_(types) {}

  void looks_at(std::string path) { found_.scopes.push_back(std::move(path)); }
  void load(const std::string& file, Meant meant);
  FlowFolder take() { return std::move(found_); }

 private:
  void refuse(const std::string& path, const std::string& why) {
    if (!why.empty()) report_(why);
    ++found_.refused;
    found_.refused_files.push_back(path);
  }

  const Report& report_;
  const PluginTypes* types_;
  FlowFolder found_;
  std::set<std::string> seen_;
  std::map<std::pair<std::string, std::string>, std::string> known_;  // namespace, id → file
};

void Loader::load(const std::string& file, Meant meant) {
  std::error_code error;
  const fs::path whole = fs::canonical(file, error);
  const std::string path = error ? file : whole.string();
  if (!seen_.insert(path).second) return;
  auto text = flow::read_text_file(file, flow::kFlowBytesMax);
  if (!text.has_value()) return refuse(path, text.error().message);
  if (meant == Meant::kIfItHasTasks && !is_meant_as_flow(*text)) return;
  auto parsed = flow::parse_file(file, types_);
  if (!parsed.has_value()) return refuse(path, parsed.error().message);
  for (const flow::Diagnostic& one : parsed->diagnostics) report_(flow::format(one));
  if (parsed->flow == nullptr) return refuse(path, {});
  const auto [first, fresh] = known_.emplace(std::pair(parsed->flow->ns, parsed->flow->id), file);
  if (!fresh) {
    return refuse(
        path, fmt::format("{}: error: flow '{}' is in {} already; give one of them another id or "
                          "namespace",
                          file, flow_name(parsed->flow->ns, parsed->flow->id), first->second));
  }
  found_.flows.push_back(
      {file, std::move(parsed->flow), std::move(parsed->canonical), std::move(*text)});
}

}  // namespace

FlowSourceRow source_of(std::string text) {
  if (text.empty()) return {};
  return {flow::sha256_hex(text), std::move(text)};
}

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

Result<std::vector<std::string>> flow_files(const std::string& folder, bool below) {
  std::error_code error;
  std::vector<std::string> files;
  const auto options = fs::directory_options::skip_permission_denied;
  fs::recursive_directory_iterator at(folder, options, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    std::error_code ignored;
    if (at->is_directory(ignored)) {
      const bool hidden = at->path().filename().string().starts_with('.');
      if (hidden || !below) at.disable_recursion_pending();
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

std::string path_of(const FolderFlow& flow) {
  return flow.flow->folder + "/" + fs::path(flow.file).filename().string();
}

bool in_scope(const FlowFolder& found, const std::string& file) {
  return std::ranges::any_of(found.scopes, [&file](const std::string& scope) {
    return file == scope || (file.starts_with(scope) && file[scope.size()] == '/');
  });
}

bool concerns_flows(std::string_view file_name) {
  return !file_name.starts_with('.') &&
         (file_name.ends_with(".yaml") || file_name.ends_with(".yml"));
}

Result<FlowFolder> load_flows(const std::string& folder, const Report& report,
                              const PluginTypes* types) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return fail(ErrorCode::kNotFound, fmt::format("{}: is no folder; name one with flows", folder));
  }
  return load_flows(std::vector{folder}, report, types);
}

Result<FlowFolder> load_flows(const std::vector<std::string>& paths, const Report& report,
                              const PluginTypes* types) {
  Loader loader(report, types);
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::path whole = fs::canonical(path, error);
    if (error) {
      return fail(ErrorCode::kNotFound, fmt::format("{}: {}", path, error.message()));
    }
    loader.looks_at(whole.string());
    if (!fs::is_directory(whole, error)) {
      loader.load(path, Meant::kAlways);
      continue;
    }
    TRY_ASSIGN(const std::vector<std::string> files, flow_files(path, true));
    for (const std::string& file : files) loader.load(file, Meant::kIfItHasTasks);
  }
  return loader.take();
}

}  // namespace cordyna
