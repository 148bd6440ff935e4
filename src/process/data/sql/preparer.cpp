#include "process/data/sql/preparer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <utility>

#include "base/words.hpp"
#include "process/data/json_read.hpp"
#include "process/data/sql/task.hpp"
#include "template/task_renderer.hpp"

namespace cordyna::sql {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

using data::step_fail;
using data::StepResult;

std::unexpected<TaskError> refuse(TaskErrorCode code, std::string message) {
  return step_fail(code, std::move(message), Phase::kPrepare);
}

/// The first two words, in lower case.
std::pair<std::string, std::string> front_words(std::string_view text) {
  std::array<std::string, 2> words;
  std::size_t at = 0;
  for (std::string& word : words) {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t')) ++at;
    while (at < text.size() && std::isalpha(static_cast<unsigned char>(text[at])) != 0) {
      word += text[at++];
    }
    word = ascii_lower(word);
  }
  return {words[0], words[1]};
}

/// Begins or ends a transaction; those within one (SAVEPOINT, ROLLBACK TO) do not.
bool steers_transaction(std::string_view text) {
  constexpr std::array<std::string_view, 6> kWords = {"begin", "start",    "commit",
                                                      "end",   "rollback", "abort"};
  const auto [first, second] = front_words(text);
  return std::ranges::find(kWords, first) != kWords.end() &&
         !(first == "rollback" && second == "to");
}

class TaskMaker {
 public:
  TaskMaker(const StartAttempt& command, const AttemptPaths& paths, const Secrets& secrets)
      : command_(command), renderer_(secrets, command) {
    task.folder = command.flow->folder;
    task.artifacts = paths.artifacts;
    task.work = paths.work;
  }

  StepResult<> make() {
    boost::system::error_code problem;
    const json::value params = json::parse(renderer_.task().params, problem);
    if (problem.failed() || !params.is_object()) {
      return refuse(TaskErrorCode::kInternal, "the keys of the task are not a JSON object");
    }
    const json::object& keys = params.get_object();
    STEP_TRY_ASSIGN(const json::object* connection, data::read_object(keys, "connection"));
    if (connection == nullptr) return data::bad_value("connection", "it is required");
    STEP_TRY(read_connection(*connection));
    STEP_TRY_ASSIGN(const std::optional<bool> transaction, data::read_bool(keys, "transaction"));
    task.transaction = transaction.value_or(true);
    STEP_TRY(read_save_as(keys));
    STEP_TRY(read_limits(keys));
    STEP_TRY(bind(keys));
    secrets.masks = renderer_.masks();
    // One that is part of another must not leave the rest of it.
    std::ranges::stable_sort(secrets.masks, std::ranges::greater{}, &std::string::size);
    return {};
  }

  SqlTask task;
  SqlSecrets secrets;

 private:
  StepResult<> read_connection(const json::object& object) {
    STEP_TRY_ASSIGN(const std::optional<std::string> type, data::read_text(object, "type"));
    if (type == "postgres") {
      task.kind = tmpl::SqlDialect::kPostgres;
      STEP_TRY_ASSIGN(task.server, data::parse_connection(object));
      task.name = task.server.name;
      if (task.server.password.empty()) return {};
      Result<std::string> password = renderer_.lookup().secret(task.server.password);
      if (!password.has_value()) {
        return std::unexpected<TaskError>(renderer_.error("connection.password", password.error()));
      }
      secrets.password = *std::move(password);
      return {};
    }
    task.kind = type == "sqlite" ? tmpl::SqlDialect::kSqlite : tmpl::SqlDialect::kDuckdb;
    if (type != "sqlite" && type != "duckdb") {
      return data::bad_value("connection.type", "postgres, sqlite or duckdb is wanted");
    }
    STEP_TRY_ASSIGN(std::optional<std::string> name, data::read_text(object, "name"));
    task.name = name.value_or(*type);
    STEP_TRY_ASSIGN(const std::optional<std::string> file, data::read_text(object, "database"));
    if (file.has_value() && !file->empty()) {
      task.database = (fs::path(task.folder) / *file).lexically_normal().string();
    } else if (type == "sqlite") {
      return data::bad_value("connection.database", "the file of the database is wanted");
    }
    STEP_TRY_ASSIGN(const std::optional<bool> read_only, data::read_bool(object, "read_only"));
    task.read_only = read_only.value_or(false);
    STEP_TRY_ASSIGN(const std::optional<std::int64_t> wait,
                    data::read_millis(object, "lock_timeout"));
    task.lock_timeout_ms = wait.value_or(task.lock_timeout_ms);
    return {};
  }

  StepResult<> read_save_as(const json::object& keys) {
    STEP_TRY_ASSIGN(const std::optional<std::string> text, data::read_text(keys, "save_as"));
    if (!text.has_value()) return {};
    auto rendered = renderer_.text("save_as", *text);
    if (!rendered.has_value()) return std::unexpected<TaskError>(std::move(rendered.error()));
    const fs::path path(*rendered);
    const bool leaves = path.is_absolute() || std::ranges::any_of(path, [](const fs::path& part) {
                          return part == "..";
                        });
    if (leaves || rendered->find('\0') != std::string::npos) {
      return data::bad_value("save_as",
                             fmt::format("'{}' is no name within the task's artifacts", *rendered));
    }
    if (format_of(*rendered).empty()) {
      return data::bad_value(
          "save_as", fmt::format("'{}' ends in none of .parquet, .csv and .jsonl", *rendered));
    }
    task.save_as = *std::move(rendered);
    return {};
  }

  StepResult<> read_limits(const json::object& keys) {
    STEP_TRY_ASSIGN(const std::optional<std::uint64_t> memory, data::read_bytes(keys, "memory"));
    task.limits.memory_bytes = memory.value_or(task.limits.memory_bytes);
    STEP_TRY_ASSIGN(const std::optional<std::int64_t> threads, data::read_int(keys, "threads"));
    task.limits.threads = static_cast<std::uint32_t>(
        threads.value_or(static_cast<std::int64_t>(task.limits.threads)));
    return {};
  }

  StepResult<> bind(const json::object& keys) {
    STEP_TRY_ASSIGN(const std::optional<std::string> sql, data::read_text(keys, "sql"));
    bool has_secret = false;
    const tmpl::Lookup lookup = renderer_.lookup();
    tmpl::Lookup seeing = lookup;
    seeing.secret = [&](std::string_view name) {
      has_secret = true;
      return lookup.secret(name);
    };
    auto statements = tmpl::bind_sql_values(sql.value_or(""), task.kind, command_.context, seeing);
    if (!statements.has_value()) {
      return std::unexpected<TaskError>(renderer_.error("sql", statements.error()));
    }
    if (statements->empty()) return data::bad_value("sql", "there is no statement in it");
    for (const tmpl::SqlStatement& statement : *statements) {
      if (!task.transaction || !steers_transaction(statement.text)) continue;
      return data::bad_value(
          "sql", fmt::format("line {} begins or ends a transaction, and the task is one by itself; "
                             "leave it out, or set transaction: false",
                             statement.line));
    }
    (has_secret ? secrets.statements : task.statements) = *std::move(statements);
    return {};
  }

  const StartAttempt& command_;
  TaskRenderer renderer_;
};

}  // namespace

std::expected<Launch, TaskError> SqlPreparer::prepare(const StartAttempt& command,
                                                      const AttemptPaths& paths) {
  TaskMaker maker(command, paths, secrets_);
  if (auto made = maker.make(); !made.has_value()) {
    return std::unexpected<TaskError>(std::move(made.error()));
  }
  Launch launch;
  launch.argv = {dyna_, "sql-step", fmt::format("{}/{}", paths.folder, kTaskFile)};
  launch.folder = command.flow->folder;
  for (const char* name : {"DYNA_DUCKDB", "XDG_CACHE_HOME"}) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
    if (value != nullptr) launch.env.emplace_back(name, value);
  }
  launch.masks = maker.secrets.masks;
  if (!maker.secrets.empty()) {
    std::string text = to_json(maker.secrets);
    if (text.size() > kSecretsBytesMax) {
      return refuse(TaskErrorCode::kInputInvalid,
                    fmt::format("statements that hold secrets, with their values, have {} bytes, "
                                "and can have {}",
                                text.size(), kSecretsBytesMax));
    }
    launch.env.emplace_back(kSecretsVariable, std::move(text));
  }
  launch.files.push_back({kTaskFile, to_json(maker.task)});
  return launch;
}

}  // namespace cordyna::sql
