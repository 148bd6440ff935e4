#include "flow/flow_file.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "flow/canonical.hpp"
#include "flow/flow_reader.hpp"
#include "flow/linker.hpp"
#include "flow/pii_check.hpp"
#include "flow/project_file.hpp"
#include "flow/sha256.hpp"
#include "flow/task_reader.hpp"
#include "flow/text_file.hpp"

namespace cordyna::flow {
namespace {

/// The flow of a draft without errors. The hash is set by the caller.
Flow finish(FlowDraft& draft) {
  Flow flow = std::move(draft.flow);
  flow.tasks.reserve(draft.tasks.size());
  for (TaskDraft& task : draft.tasks) {
    append_json_object(task.spec.params, task.params, KeyOrder::kSorted);
    flow.tasks.push_back(std::move(task.spec));
  }
  return flow;
}

struct Built {
  std::shared_ptr<const Flow> flow;
  std::string canonical;
};

/// The flow of a folder is its flow.yaml.
Result<std::string> flow_in(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return path;
  for (const char* name : {"flow.yaml", "flow.yml"}) {
    const std::filesystem::path inside = std::filesystem::path(path) / name;
    if (std::filesystem::exists(inside, ignored)) return inside.string();
  }
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{}: is a folder without a flow.yaml; name a file in it", path));
}

enum class Origin : std::uint8_t { kFile, kStored };

/// From a tree to a flow; nothing where there are errors, which `reporter` got.
Built build(const Node& root, Reporter& reporter, const std::string& folder, Defaults defaults,
            Origin origin) {
  FlowDraft draft = read_flow(root, reporter, folder, std::move(defaults));
  Linker(draft, reporter).link();
  check_pii(draft, reporter);
  if (origin == Origin::kFile) check_schemas(draft, reporter);
  if (reporter.findings().has_error()) return {};
  Built built;
  built.canonical = canonical(draft);
  Flow flow = finish(draft);
  flow.hash = sha256_hex(built.canonical);
  built.flow = std::make_shared<const Flow>(std::move(flow));
  return built;
}

}  // namespace

Parsed parse(std::string_view text, std::string_view file, std::string_view folder,
             const PluginTypes* types) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Findings findings;
  Reporter reporter(findings, std::string(file), text);
  Parsed parsed;
  parsed.file = file;
  if (text.size() > kFlowBytesMax) {
    reporter.error(
        Mark{1, 1}, Code::kTooLarge,
        fmt::format("the file has {} bytes; a flow has at most {}", text.size(), kFlowBytesMax));
  } else {
    YamlTree tree;
    const Node* root = tree.load(text, reporter);
    if (root != nullptr) {
      const Node* ns = root->kind == NodeKind::kMap ? root->find("namespace") : nullptr;
      const std::string_view name = ns != nullptr && ns->is_scalar() ? ns->text : "";
      std::optional<Project> project = read_project(std::string(folder), reporter);
      if (findings.has_error()) project.reset();  // what it declares is not known
      Defaults defaults = read_defaults(std::string(folder), name, std::move(project), reporter);
      defaults.plugin_types = types;
      Built built = build(*root, reporter, std::string(folder), std::move(defaults), Origin::kFile);
      parsed.flow = std::move(built.flow);
      parsed.canonical = std::move(built.canonical);
    }
  }
  parsed.diagnostics = findings.take(file);
  return parsed;
}

Result<Parsed> parse_file(const std::string& given, const PluginTypes* types) {
  TRY_ASSIGN(const std::string path, flow_in(given));
  TRY_ASSIGN(const std::string text, read_text_file(path, kFlowBytesMax));
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::canonical(path, error);
  if (error) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("{}: its folder cannot be found: {}", path, error.message()));
  }
  return parse(text, path, whole.parent_path().string(), types);
}

Result<std::shared_ptr<const Flow>> from_canonical(std::string_view canonical,
                                                   std::string_view folder) {
  YamlTree tree;
  const auto root = tree.load_json(canonical);
  if (!root.has_value()) return fail("stored flow", root.error());
  Findings findings;
  Reporter reporter(findings, "stored flow", {});
  // It has its defaults already.
  Built built = build(**root, reporter, std::string(folder), {}, Origin::kStored);
  if (built.flow == nullptr) {
    const std::vector<Diagnostic> found = findings.take("stored flow");
    return fail(ErrorCode::kCorrupt, format(found.front()));
  }
  return std::move(built.flow);
}

}  // namespace cordyna::flow
