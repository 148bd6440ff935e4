#include "cli/up_alerts.hpp"

#include <filesystem>
#include <optional>
#include <utility>

#include "cli/file_mark.hpp"
#include "flow/teams_file.hpp"

namespace cordyna::cli {
namespace {

class TeamsWatch {
 public:
  explicit TeamsWatch(std::string path) : path_(std::move(path)) {}

  Result<std::optional<AlertPlan>> read() {
    const FileMark now = mark_of(path_);
    if (seen_.has_value() && *seen_ == now) {
      // What is wrong with it stays wrong until it is written anew.
      if (problem_.has_value()) return std::unexpected<Error>(*problem_);
      return std::optional<AlertPlan>();
    }
    seen_ = now;
    problem_.reset();
    auto teams = flow::load_teams(path_);
    if (teams.has_value()) return std::optional(std::move(teams->plan));
    problem_ = teams.error();
    return std::unexpected<Error>(*problem_);
  }

 private:
  std::string path_;
  std::optional<FileMark> seen_;
  std::optional<Error> problem_;
};

}  // namespace

std::string teams_file_of(const flow::Project& project, const std::string& folder) {
  if (project.file.empty()) return flow::teams_path(folder);
  return (std::filesystem::path(project.file).parent_path() / "teams.yaml").string();
}

std::unique_ptr<alert::AlertHost> start_alerts(const CommandContext& context,
                                               const StateLayout& layout, Ownership& ownership,
                                               const Secrets& secrets, std::string file,
                                               std::function<void(const std::string&)> told) {
  alert::HostParts parts;
  parts.cerebro = &ownership.cerebro();
  parts.clock = context.parts.clock;
  parts.open_reader = [open = context.parts.open_reader, layout] { return open(layout); };
  parts.secrets = &secrets;
  parts.read_plan = [watch = std::make_shared<TeamsWatch>(std::move(file))] {
    return watch->read();
  };
  parts.told = std::move(told);
  return std::make_unique<alert::AlertHost>(std::move(parts));
}

}  // namespace cordyna::cli
