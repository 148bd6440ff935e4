#include "process/local/order.hpp"

#include "base/check.hpp"
#include "process/local/environment.hpp"

namespace cordyna::local {
namespace {

constexpr std::int64_t kAttemptsPerRun = 1'000'000;

AttemptPaths paths_in(const std::string& folder) {
  const auto path = [&](std::string_view name) { return folder + "/" + std::string(name); };
  return {folder,
          path(attempt_file::kOutputs),
          path(attempt_file::kReport),
          path(attempt_file::kArtifacts),
          path(attempt_file::kWork),
          ""};
}

Variables own_variables(const StartAttempt& command, const AttemptPaths& paths, ReportTrust trust) {
  const AttemptKey& key = command.key;
  Variables own{
      {"DYNA_RUN_ID", command.run_id.value},
      {"DYNA_RUN", std::to_string(key.run)},
      {"DYNA_TASK", key.path},
      {"DYNA_ATTEMPT", command.run_id.value + "/" + key.path + "/" + std::to_string(key.attempt)},
      {"DYNA_FENCE", std::to_string(key.run * kAttemptsPerRun + key.attempt)},
      {"DYNA_OUTPUTS", paths.outputs},
      {"DYNA_ARTIFACTS", paths.artifacts},
      {"DYNA_WORK", paths.work}};
  if (trust != ReportTrust::kNone) own.emplace_back("DYNA_REPORT", paths.report);
  return own;
}

}  // namespace

std::string attempt_name(const StateLayout& layout, const AttemptKey& key, TaskIndex task) {
  const std::string above = layout.folder() + "/runs/";
  const std::string path =
      layout.attempt_folder(key.run, task, key.attempt, items_in_path(key.path));
  CHECK(path.starts_with(above));
  return path.substr(above.size());
}

std::string attempt_mark(const StateLayout& layout, const std::string& name) {
  return "DYNA_OUTPUTS=" + paths_in(layout.folder() + "/runs/" + name).outputs;
}

std::expected<StartOrder, TaskError> make_order(const StateLayout& layout,
                                                const LocalSettings& settings, Preparer* preparer,
                                                const StartAttempt& command, ReportTrust trust) {
  const auto failed = [](TaskErrorCode code, std::string message) {
    return std::unexpected<TaskError>(make_task_error(code, Phase::kPrepare, std::move(message)));
  };
  if (preparer == nullptr) {
    return failed(TaskErrorCode::kInternal, "nothing here runs tasks of the type '" +
                                                command.flow->tasks[command.task].type + "'");
  }
  const std::string items = items_in_path(command.key.path);
  AttemptPaths paths =
      paths_in(layout.attempt_folder(command.key.run, command.task, command.key.attempt, items));
  paths.private_mark =
      layout.private_mark(command.key.run, command.task, command.key.attempt, items);
  auto launch = preparer->prepare(command, paths);
  if (!launch.has_value()) return std::unexpected<TaskError>(std::move(launch.error()));
  if (launch->argv.empty() || launch->argv[0].empty()) {
    return failed(TaskErrorCode::kSpawnFailed, "the task names no program");
  }
  for (const std::string& word : launch->argv) {
    if (word.find('\0') == std::string::npos) continue;
    return failed(TaskErrorCode::kInputInvalid,
                  "an argument of '" + launch->argv[0] +
                      "' has a NUL byte in it; no program can be given one");
  }
  auto env = task_environment(launch->env, own_variables(command, paths, trust));
  if (!env.has_value()) return failed(TaskErrorCode::kInputInvalid, env.error().message);
  StartOrder order;
  order.name = attempt_name(layout, command.key, command.task);
  order.argv = std::move(launch->argv);
  order.env = *std::move(env);
  order.folder = std::move(launch->folder);
  order.files = std::move(launch->files);
  order.masks = std::move(launch->masks);
  order.complete = command.timeouts.complete;
  order.kill_grace = settings.kill_grace;
  order.log_bytes_max = settings.log_bytes_max;
  order.umask = current_umask();
  if (!launch->holds_resources) {
    order.resources = command.flow->tasks[command.task].resources;
  }
  order.use_groups = settings.use_groups;
  order.ends_its_own = launch->ends_its_own;
  return order;
}

}  // namespace cordyna::local
