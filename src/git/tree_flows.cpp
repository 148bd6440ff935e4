#include "git/tree_flows.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "flow/flow_file.hpp"
#include "flow/project_file.hpp"
#include "flow/text_file.hpp"
#include "service/flow_folder.hpp"

namespace cordyna::git {
namespace {

class TreeReader {
 public:
  TreeReader(const std::string& root, const std::string& folder, const PluginTypes* types)
      : root_(root), folder_(folder), types_(types) {}

  void check_project() {
    std::error_code error;
    const std::string file = root_ + "/cordyna.yaml";
    if (!std::filesystem::exists(file, error)) return;
    const auto project = flow::load_project_file(file);
    if (!project.has_value()) {
      add({path_of(file), 0, 0, without_root(project.error().message)});
    } else if (!project->plugins.empty()) {
      add({path_of(file), 0, 0,
           "a branch cannot name programs of the server: 'plugins' belong to the server's own "
           "cordyna.yaml"});
    }
  }

  void read(const std::string& file) {
    auto text = flow::read_text_file(file, flow::kFlowBytesMax);
    if (!text.has_value()) {
      return add({path_of(file), 0, 0, without_root(text.error().message)});
    }
    if (!is_meant_as_flow(*text)) return;
    const std::string folder = std::filesystem::path(file).parent_path().string();
    flow::Parsed parsed = flow::parse(*text, file, folder, types_);
    for (const flow::Diagnostic& one : parsed.diagnostics) {
      if (one.severity != flow::Severity::kError) continue;
      add({path_of(one.file), one.line, one.column, without_root(one.message)});
    }
    if (parsed.flow == nullptr) return;
    found_.flows.push_back({path_of(file), parsed.flow->ns, parsed.flow->id, parsed.flow->hash,
                            std::move(parsed.canonical), *std::move(text)});
  }

  TreeFlows take() { return std::move(found_); }

 private:
  [[nodiscard]] std::string path_of(const std::string& file) const {
    if (!file.starts_with(root_ + "/")) return file;
    return repository_path(folder_, file.substr(root_.size() + 1));
  }

  /// Where files lie here is nothing that somebody needs who reads what is wrong in a branch.
  [[nodiscard]] std::string without_root(std::string text) const {
    const std::string prefix = root_ + "/";
    const std::string instead = folder_.empty() ? "" : folder_ + "/";
    for (std::size_t at = text.find(prefix); at != std::string::npos;
         at = text.find(prefix, at + instead.size())) {
      text.replace(at, prefix.size(), instead);
    }
    return text;
  }

  void add(GitFlaw flaw) {
    if (found_.flaws.size() < kGitFlawsMax) found_.flaws.push_back(std::move(flaw));
  }

  const std::string& root_;
  const std::string& folder_;
  const PluginTypes* types_;
  TreeFlows found_;
};

}  // namespace

std::string repository_path(const std::string& folder, const std::string& below) {
  return folder.empty() ? below : folder + "/" + below;
}

Result<TreeFlows> read_flows(const std::string& root, const std::string& folder,
                             const PluginTypes* types) {
  TreeReader reader(root, folder, types);
  reader.check_project();
  TRY_ASSIGN(const std::vector<std::string> files, flow_files(root, true));
  for (const std::string& file : files) reader.read(file);
  return reader.take();
}

}  // namespace cordyna::git
