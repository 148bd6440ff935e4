#include "cli/up_git.hpp"

#include <filesystem>
#include <optional>
#include <utility>

#include "cli/file_mark.hpp"
#include "flow/git_file.hpp"

namespace cordyna::cli {
namespace {

class GitFileWatch {
 public:
  GitFileWatch(std::string path, std::vector<std::string> folders)
      : path_(std::move(path)), folders_(std::move(folders)) {}

  Result<std::optional<GitPlan>> read() {
    const FileMark now = mark_of(path_);
    if (seen_.has_value() && *seen_ == now) {
      // What is wrong with it stays wrong until it is written anew.
      if (problem_.has_value()) return std::unexpected<Error>(*problem_);
      return std::optional<GitPlan>();
    }
    seen_ = now;
    problem_.reset();
    auto read = flow::load_git(path_, folders_);
    if (read.has_value()) return std::optional(std::move(read->plan));
    problem_ = read.error();
    return std::unexpected<Error>(*problem_);
  }

 private:
  std::string path_;
  std::vector<std::string> folders_;
  std::optional<FileMark> seen_;
  std::optional<Error> problem_;
};

}  // namespace

std::string git_file_of(const flow::Project& project, const std::string& folder) {
  if (project.file.empty()) return flow::git_path(folder);
  return (std::filesystem::path(project.file).parent_path() / "git.yaml").string();
}

std::unique_ptr<git::GitHost> prepare_git(const CommandContext& context, const StateLayout& layout,
                                          const Secrets& secrets, std::string file,
                                          std::vector<std::string> folders,
                                          std::function<void(const std::string&)> told) {
  git::HostParts parts;
  std::error_code error;
  parts.follower.folder =
      std::filesystem::absolute(layout.folder(), error).lexically_normal().string() + "/git";
  parts.follower.clock = context.parts.clock;
  parts.follower.open_reader = [open = context.parts.open_reader, layout] { return open(layout); };
  parts.follower.secrets = &secrets;
  parts.follower.plugin_types = context.parts.plugin_types;
  parts.follower.told = std::move(told);
  parts.read_plan = [watch = std::make_shared<GitFileWatch>(std::move(file), std::move(folders))] {
    return watch->read();
  };
  return std::make_unique<git::GitHost>(std::move(parts));
}

FlowGuard guard_of(const CommandContext& context, const StateLayout& layout, git::GitHost& host) {
  return [&host, open = context.parts.open_reader, layout](const FlowChange& change) -> Result<> {
    const Result<> free = host.check_free(change.ns, change.flow_id);
    if (free.has_value() || !change.canonical.empty()) return free;
    // One that the branch does not have may go.
    TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, open(layout));
    TRY_ASSIGN(const AppliedFlowRow row, reader->find_applied(change.ns, change.flow_id));
    if (!parse_git_place(row.file).has_value()) return {};
    const auto edit = host.edit(change.ns, change.flow_id, &row, {});
    if (!edit.has_value() || !edit->has_value()) return free;
    const auto place = parse_git_place((*edit)->file);
    return place.has_value() && !place->edited ? Result<>() : free;
  };
}

}  // namespace cordyna::cli
