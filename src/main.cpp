// Creates the concrete objects and connects them; everything else is in the folders.
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alert/notify_step.hpp"
#include "alert/notify_task.hpp"
#include "cli/app.hpp"
#include "cli/parts.hpp"
#include "flow/project_file.hpp"
#include "flow/reference.hpp"
#include "flow/teams_file.hpp"
#include "plugin/asker.hpp"
#include "plugin/plugin_step.hpp"
#include "plugin/preparer.hpp"
#include "ports/clock.hpp"
#include "process/cache/file_cache.hpp"
#include "process/container/container_step.hpp"
#include "process/container/preparer.hpp"
#include "process/data/data_step.hpp"
#include "process/data/functions.hpp"
#include "process/data/preparer.hpp"
#include "process/data/private_data.hpp"
#include "process/data/read_rows.hpp"
#include "process/data/sql/preparer.hpp"
#include "process/data/sql/sql_step.hpp"
#include "process/http/http_step.hpp"
#include "process/http/preparer.hpp"
#include "process/kubernetes/job_executor.hpp"
#include "process/local/cgroup.hpp"
#include "process/local/core_files.hpp"
#include "process/local/fork_link.hpp"
#include "process/local/fork_server.hpp"
#include "process/local/local_process.hpp"
#include "process/shell/python_preparer.hpp"
#include "process/shell/script_step.hpp"
#include "process/shell/shell_params.hpp"
#include "process/shell/shell_preparer.hpp"
#include "secrets/layered_secrets.hpp"
#include "secrets/secret_store.hpp"
#include "store/memory/memory_store.hpp"
#include "store/sqlite/backup.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "template/template.hpp"

namespace {

using cordyna::StateLayout;
using cordyna::local::ServerStart;

/// The absolute path of this program: what the fork server and data steps are started as.
std::string own_path() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : "dyna";
}

cordyna::Result<cordyna::AlertPlan> plan_at(const std::string& file) {
  TRY_ASSIGN(cordyna::flow::Teams teams, cordyna::flow::load_teams(file));
  return std::move(teams.plan);
}

cordyna::Result<cordyna::alert::TeamsOf> teams_of(const std::string& folder) {
  TRY_ASSIGN(cordyna::flow::Teams teams,
             cordyna::flow::load_teams(cordyna::flow::teams_path(folder)));
  return cordyna::alert::TeamsOf{std::move(teams.file), std::move(teams.plan)};
}

cordyna::Result<cordyna::PluginProgram> plugin_of(const std::string& folder,
                                                  const std::string& type) {
  TRY_ASSIGN(cordyna::flow::Project project, cordyna::flow::load_project(folder));
  const auto found = std::ranges::find(project.plugins, type, &cordyna::PluginProgram::type);
  if (found != project.plugins.end()) return std::move(*found);
  return cordyna::fail(cordyna::ErrorCode::kNotFound,
                       "the cordyna.yaml of " + folder + " declares no plugin '" + type + "'");
}

/// Where a program that we need may lie beside ours.
std::string beside(const std::string& program, const std::string& name) {
  const std::filesystem::path bin = std::filesystem::path(program).parent_path();
  return (bin / "../libexec/cordyna" / name).lexically_normal().string();
}

/// What of a task's report is believed: all, where a program of ours writes it; a code, where the
/// user's own code runs in the same process.
cordyna::ReportTrust trust_in(const cordyna::TaskSpec& task) {
  using cordyna::ReportTrust;
  if (task.type == "shell") {
    return cordyna::is_compiled(task.params) ? ReportTrust::kCode : ReportTrust::kNone;
  }
  if (task.type == "wait_for") return ReportTrust::kNone;
  return task.type == "python" || cordyna::is_plugin_type(task.type) ? ReportTrust::kCode
                                                                     : ReportTrust::kAll;
}

/// Local processes with all they need; made when the first task wants them: a flow of `log` tasks
/// starts no thread for it.
class LocalTasks final : public cordyna::Executor {
 public:
  LocalTasks(StateLayout layout, const cordyna::Clock& clock, cordyna::ReportSink sink,
             std::shared_ptr<ServerStart> starting)
      : layout_(std::move(layout)),
        clock_(clock),
        sink_(std::move(sink)),
        starting_(std::move(starting)),
        private_(layout_, [this] { return reader(); }),
        program_(own_path()),
        secrets_(layout_),
        shell_(secrets_, program_, layout_.programs_folder()),
        python_(secrets_, beside(program_, "uv")),
        container_(program_, layout_.folder(), secrets_),
        http_(program_, secrets_),
        sql_(program_, secrets_),
        notify_(program_, secrets_, teams_of),
        plugin_(program_, secrets_, plugin_of),
        cache_(layout_, secrets_, clock_),
        data_(program_, secrets_,
              [this](const cordyna::PointFilter& filter) { return points(filter); }) {
    if (starting_ != nullptr) (void)local();
    private_.recover();
  }

  void start(const cordyna::StartAttempt& command) override { executor_of(command).start(command); }
  void cancel(const cordyna::CancelAttempt& command) override {
    executor_of(command).cancel(command);
  }
  void adopt(const cordyna::StartAttempt& command) override { executor_of(command).adopt(command); }
  void run_ended(const cordyna::RunRow& run) override { private_.run_ended(run); }

  [[nodiscard]] static bool runs(const std::string& type) {
    return type == "shell" || type == "wait_for" || type == "python" || type == "container" ||
           type == "http" || type == "sql" || type == "notify" || cordyna::is_plugin_type(type) ||
           cordyna::data::is_data_type(type);
  }
  [[nodiscard]] static std::vector<std::string> supervise_argv(const StateLayout& layout) {
    return {own_path(), "supervise", layout.folder()};
  }

 private:
  /// By its place, else by its type.
  template <class Command>
  cordyna::Executor& executor_of(const Command& command) {
    const bool is_job =
        command.place != nullptr
            ? command.place->type == cordyna::PlaceType::kKubernetes
            : command.flow != nullptr && command.flow->tasks[command.task].type == "kubernetes";
    return is_job ? static_cast<cordyna::Executor&>(jobs()) : local();
  }

  cordyna::KubernetesJobs& jobs() {
    if (jobs_ == nullptr) {
      cordyna::KubernetesSettings settings;
      settings.variable = [](const char* name) {
        const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
        return value == nullptr ? std::string() : std::string(value);
      };
      jobs_ = std::make_unique<cordyna::KubernetesJobs>(layout_, std::move(settings), secrets_,
                                                        clock_, sink_);
    }
    return *jobs_;
  }

  /// A connection of our own: the store's belongs to cerebro.
  cordyna::Result<cordyna::StoreReader*> reader() {
    if (reader_ == nullptr) {
      TRY_ASSIGN(reader_, cordyna::open_sqlite_reader(layout_));
    }
    return reader_.get();
  }

  /// The history of a dataset.
  cordyna::Result<std::vector<cordyna::PointRow>> points(const cordyna::PointFilter& filter) {
    TRY_ASSIGN(cordyna::StoreReader* const opened, reader());
    return opened->list_points(filter);
  }

  cordyna::LocalProcess& local() {
    if (local_ != nullptr) return *local_;
    std::map<std::string, cordyna::Preparer*> preparers{
        {"shell", &shell_},   {"wait_for", &shell_},
        {"python", &python_}, {"container", &container_},
        {"http", &http_},     {"sql", &sql_},
        {"notify", &notify_}, {cordyna::kPluginRow, &plugin_}};
    cordyna::LocalSettings settings;
    settings.supervise_argv = supervise_argv(layout_);
    settings.starting = std::move(starting_);
    settings.cache = &cache_;
    settings.use_groups = cordyna::local::groups_wanted();
    settings.report_trust = trust_in;
    for (const std::string_view type : cordyna::data::data_types()) {
      preparers[std::string(type)] = &data_;
    }
    local_ = std::make_unique<cordyna::LocalProcess>(layout_, std::move(settings),
                                                     std::move(preparers), clock_, sink_);
    return *local_;
  }

  StateLayout layout_;
  const cordyna::Clock& clock_;
  cordyna::ReportSink sink_;
  std::shared_ptr<ServerStart> starting_;
  cordyna::data::PrivateData private_;
  std::string program_;
  cordyna::LayeredSecrets secrets_;
  cordyna::ShellPreparer shell_;
  cordyna::PythonPreparer python_;
  cordyna::container::ContainerPreparer container_;
  cordyna::web::HttpPreparer http_;
  cordyna::sql::SqlPreparer sql_;
  cordyna::alert::NotifyPreparer notify_;
  cordyna::plugin::PluginPreparer plugin_;
  cordyna::cache::FileCache cache_;
  cordyna::data::DataPreparer data_;
  std::unique_ptr<cordyna::StoreReader> reader_;
  std::unique_ptr<cordyna::LocalProcess> local_;
  std::unique_ptr<cordyna::KubernetesJobs> jobs_;
};

int command_line(int argc, char** argv) {
  const cordyna::SystemClock clock;
  const cordyna::tmpl::TemplateEvaluator evaluator;
  const cordyna::plugin::PluginAsker plugin_types;
  cordyna::cli::Parts parts;
  parts.clock = &clock;
  parts.evaluator = &evaluator;
  parts.plugin_types = &plugin_types;
  parts.open_store = cordyna::open_sqlite_store;
  parts.open_reader = cordyna::open_sqlite_reader;
  parts.back_up_state = cordyna::back_up_state;
  parts.restore_state = cordyna::restore_state;
  std::shared_ptr<ServerStart> starting;
  parts.expect = [&starting](const StateLayout& layout, const cordyna::Flow& flow) {
    const bool needed = std::ranges::any_of(
        flow.tasks, [](const cordyna::TaskSpec& task) { return LocalTasks::runs(task.type); });
    if (!needed || starting != nullptr) return;
    starting = std::make_shared<ServerStart>(layout, LocalTasks::supervise_argv(layout));
  };
  parts.make_process = [&](const StateLayout& layout, cordyna::ReportSink sink) {
    return std::make_unique<LocalTasks>(layout, clock, std::move(sink), std::move(starting));
  };
  parts.open_secrets = [](const StateLayout& layout) {
    return std::make_unique<cordyna::SecretStore>(layout);
  };
  parts.find_secrets = [](const StateLayout& layout) {
    return std::make_unique<cordyna::LayeredSecrets>(layout);
  };
  parts.show_sql = cordyna::data::show_sql;
  parts.make_memory_store = [] { return std::make_unique<cordyna::MemoryStore>(); };
  parts.read_rows = cordyna::data::read_rows;
  parts.reference = [] {
    return cordyna::flow::reference_as_markdown() + cordyna::data::functions_as_markdown();
  };
  parts.resource_hold = [] {
    const cordyna::local::GroupReport report = cordyna::local::describe_groups();
    return cordyna::cli::ResourceHold{report.memory, report.cpu, report.memory_grouped,
                                      report.cpu_grouped};
  };
  return cordyna::cli::app_main(argc, argv, parts);
}

}  // namespace

int main(int argc, char** argv) {
  // An arena for each thread of a crowd would cost more memory than all that we keep; but those of
  // cerebro and of the HTTP server, which take and free all the time, must not wait for each other.
  ::mallopt(M_ARENA_MAX, 6);
  // Any of us holds secrets at some time: the owner, the fork server and its guardians, a data
  // step.
  cordyna::forbid_core_files();
  // Ahead of everything else: the fork server stays as small as it can be, for its guardians are
  // copies of it.
  if (argc == 3 && std::string_view(argv[1]) == "supervise")
    return cordyna::supervise_main(argv[2]);
  if (argc == 3 && std::string_view(argv[1]) == "data-step") {
    return cordyna::data::data_step_main(argv[2]);
  }
  if (argc == 3 && std::string_view(argv[1]) == "container-step") {
    return cordyna::container::container_step_main(argv[2]);
  }
  if (argc == 3 && std::string_view(argv[1]) == "http-step") {
    return cordyna::web::http_step_main(argv[2]);
  }
  if (argc == 3 && std::string_view(argv[1]) == "sql-step") {
    return cordyna::sql::sql_step_main(argv[2]);
  }
  if (argc == 3 && std::string_view(argv[1]) == "script-step") {
    return cordyna::script::script_step_main(argv[2]);
  }
  if (argc == 3 && std::string_view(argv[1]) == "plugin-step") {
    return cordyna::plugin::plugin_step_main(argv[2]);
  }
  if (argc == 3 && std::string_view(argv[1]) == "notify-step") {
    return cordyna::alert::notify_step_main(argv[2], plan_at);
  }
  return command_line(argc, argv);
}
