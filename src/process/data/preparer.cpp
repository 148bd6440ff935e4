#include "process/data/preparer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdlib>
#include <functional>
#include <set>

#include "base/words.hpp"
#include "process/data/compile.hpp"
#include "process/data/guard_history.hpp"
#include "process/data/lineage.hpp"
#include "process/data/remote_launch.hpp"
#include "process/data/step.hpp"
#include "process/data/step_secrets.hpp"
#include "template/template.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

std::string_view view(const json::string& text) {
  return {text.data(), text.size()};
}

json::string_view key_view(std::string_view text) {
  return {text.data(), text.size()};
}

tmpl::Lookup make_lookup() {
  tmpl::Lookup lookup;
  lookup.secret = [](std::string_view name) -> Result<std::string> {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("secret('{}') cannot stand in a data step: its description is written "
                            "to the disk",
                            name));
  };
  lookup.env = [](std::string_view name) -> Result<std::string> {
    const std::string text(name);
    const char* value = text.starts_with("DYNA_SECRET_") ? nullptr : std::getenv(text.c_str());
    if (value == nullptr) {
      return fail(ErrorCode::kNotFound, fmt::format("environment variable {} is not set", name));
    }
    return std::string(value);
  };
  return lookup;
}

enum class TextKind : std::uint8_t {
  kPlain,
  kSql,      ///< values become literals
  kAddress,  ///< may hold secrets, which stay hidden in the description, unless it is a path
  kHeader,   ///< may hold secrets, which stay hidden
};
using RenderText = std::function<Result<json::value>(const json::value& text, TextKind kind)>;

/// Whether the string under `path` is SQL: transform's sql, a rule's sql, a dedupe's keep.
bool is_sql(const std::vector<std::string>& path) {
  if (path.size() == 1) return path[0] == "sql";
  if (path.size() == 2 && path[0] == "set") return true;
  if (path.size() == 3 && path[0] == "rules") return path[2] == "sql";
  return path.size() == 3 && path[0] == "dedupe" && path[2] == "keep";
}

TextKind kind_of(const std::vector<std::string>& path) {
  if (is_sql(path)) return TextKind::kSql;
  if (path.size() == 1 && path[0] == "from") return TextKind::kAddress;
  return path.size() == 2 && path[0] == "headers" ? TextKind::kHeader : TextKind::kPlain;
}

Result<json::value> render_value(const json::value& value, std::vector<std::string>& path,
                                 const RenderText& render) {
  if (value.is_string()) {
    Result<json::value> text = render(value, kind_of(path));
    if (text.has_value()) return text;
    std::string place;
    for (const std::string& part : path) place += (place.empty() ? "" : ".") + part;
    return fail(place, std::move(text.error()));
  }
  if (const json::array* list = value.if_array()) {
    json::array out;
    for (const json::value& item : *list) {
      path.push_back(std::to_string(out.size()));
      TRY_ASSIGN(json::value rendered, render_value(item, path, render));
      path.pop_back();
      out.push_back(std::move(rendered));
    }
    return json::value(std::move(out));
  }
  if (const json::object* object = value.if_object()) {
    json::object out;
    for (const auto& item : *object) {
      path.emplace_back(item.key().data(), item.key().size());
      TRY_ASSIGN(json::value rendered, render_value(item.value(), path, render));
      path.pop_back();
      out[item.key()] = std::move(rendered);
    }
    return json::value(std::move(out));
  }
  return value;
}

Result<json::value> render_text(const json::value& value, TextKind kind, std::string_view context,
                                const tmpl::Lookup& lookup) {
  const std::string_view text = view(value.get_string());
  if (!tmpl::has_template(text)) return value;
  if (kind == TextKind::kAddress || kind == TextKind::kHeader) {
    tmpl::Lookup hiding = lookup;
    hiding.secret = [](std::string_view) { return Result<std::string>(std::string(kHidden)); };
    TRY_ASSIGN(const json::value hidden, render_text(value, TextKind::kPlain, context, hiding));
    const bool fits =
        kind == TextKind::kHeader || (hidden.is_string() && is_http(view(hidden.get_string())));
    if (fits) return hidden;
  }
  if (kind == TextKind::kSql) {
    TRY_ASSIGN(const std::string bound, tmpl::bind_sql(text, context, lookup));
    return json::value(bound);
  }
  TRY_ASSIGN(const std::string rendered,
             tmpl::render_json(json::serialize(value), context, lookup));
  boost::system::error_code error;
  json::value parsed = json::parse(rendered, error);
  if (error.failed()) return fail(ErrorCode::kInternal, "a template gave no JSON");
  return parsed;
}

Result<json::object> parse_object(std::string_view text, std::string_view what) {
  boost::system::error_code error;
  json::value value = json::parse(key_view(text.empty() ? std::string_view("{}") : text), error);
  if (error.failed() || !value.is_object()) {
    return fail(ErrorCode::kInternal, fmt::format("{} is not a JSON object", what));
  }
  return std::move(value.get_object());
}

Result<json::object> render_params(const TaskSpec& task, const RenderText& render,
                                   const Evaluate& evaluate) {
  TRY_ASSIGN(json::object params, parse_object(task.params, "params"));
  std::vector<std::string> path;
  const json::value* connection = params.if_contains("connection");
  const json::value* sql = params.if_contains("sql");
  const bool bound = task.type == "load" && connection != nullptr && connection->is_object() &&
                     is_bigquery(connection->get_object()) && sql != nullptr && sql->is_string();
  json::value own = bound ? json::value(*sql) : json::value();
  if (bound) params.erase("sql");
  TRY_ASSIGN(json::value rendered, render_value(json::value(params), path, render));
  if (!bound) return std::move(rendered.get_object());
  // Its values stand beside it.
  TRY_ASSIGN(const BoundQuery query, bind_bigquery(view(own.get_string()), evaluate));
  rendered.get_object()["sql"] = query.sql;
  rendered.get_object()["sql_values"] = json::parse(query.values);
  return std::move(rendered.get_object());
}

/// Those that columns of a load's contract refer to, each once.
std::vector<std::string> referred_ids(const Flow& flow, const LoadParams& load) {
  std::vector<std::string> ids;
  if (!load.contract.has_value()) return ids;
  for (const ColumnRef& ref : load.contract->refs) {
    const std::size_t dot = split_reference(ref.target, [&flow](std::string_view id) {
      const auto task = std::ranges::find(flow.tasks, id, &TaskSpec::id);
      return task != flow.tasks.end() && is_data_type(task->type);
    });
    const std::string id = ref.target.substr(0, dot);
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

/// Upstream data tasks in the order in which the SQL counts them: `of` as it is written, those that
/// a load refers to, else by place in the flow.
std::vector<std::string> upstream_ids(const Flow& flow, const TaskSpec& task,
                                      const json::object& params, const Step& step) {
  std::vector<std::string> ids;
  const auto* load = std::get_if<LoadParams>(&step.params);
  if (load != nullptr) return referred_ids(flow, *load);
  if (const json::value* of = params.if_contains("of")) {
    if (of->is_string()) ids.emplace_back(view(of->get_string()));
    if (const json::array* list = of->if_array()) {
      for (const json::value& item : *list) {
        if (item.is_string()) ids.emplace_back(view(item.get_string()));
      }
    }
    return ids;
  }
  std::set<TaskIndex> all(task.needs.begin(), task.needs.end());
  all.insert(task.refs.begin(), task.refs.end());
  for (const TaskIndex index : all) {
    const auto self = static_cast<TaskIndex>(&task - flow.tasks.data());
    if (is_data_type(flow.tasks[index].type)) ids.emplace_back(name_within(flow, self, index));
  }
  return ids;
}

/// What upstream tasks reported: path and schema of each that left data.
json::object upstream_data(const std::vector<std::string>& ids, const json::object& context) {
  json::object out;
  const json::value* outputs = context.if_contains("outputs");
  if (outputs == nullptr || !outputs->is_object()) return out;
  for (const std::string& id : ids) {
    const json::value* task = outputs->get_object().if_contains(key_view(id));
    if (task == nullptr || !task->is_object()) continue;
    const json::value* data = task->get_object().if_contains("data");
    if (data == nullptr || !data->is_string()) continue;
    json::object source{{"path", *data}};
    if (const json::value* schema = task->get_object().if_contains("schema")) {
      source["schema"] = *schema;
    }
    out[key_view(id)] = std::move(source);
  }
  return out;
}

std::unexpected<TaskError> refuse(TaskErrorCode code, std::string message) {
  return std::unexpected<TaskError>(make_task_error(code, Phase::kPrepare, std::move(message)));
}

/// Missing data of a task that `of` or a contract names; a transform finds out by its SQL.
std::string missing_upstream(const std::vector<std::string>& ids, const json::object& found,
                             bool named) {
  for (const std::string& id : ids) {
    if (named && !found.contains(key_view(id))) return id;
  }
  return {};
}

// --- show_sql ---

/// What a run's context would be before anything ran: defaults of inputs, no outputs.
std::string sample_context(const Flow& flow, const TaskSpec& task) {
  json::object inputs;
  for (const InputSpec& input : flow.inputs) {
    boost::system::error_code error;
    json::value value = json::parse(key_view(input.default_value), error);
    if (!error.failed()) inputs[key_view(input.id)] = std::move(value);
  }
  json::object context;
  context["inputs"] = std::move(inputs);
  context["outputs"] = json::object();
  context["flow"] = {{"id", flow.id}, {"namespace", flow.ns}};
  context["task"] = {{"id", task.id}, {"attempt", 1}};
  for (const auto& [name, text] : {std::pair<std::string_view, std::string_view>{"vars", flow.vars},
                                   {"labels", flow.labels}}) {
    Result<json::object> object = parse_object(text, name);
    if (object.has_value()) context[key_view(name)] = std::move(*object);
  }
  return json::serialize(context);
}

Result<Step> sample_step(const Flow& flow, TaskIndex index) {
  const TaskSpec& task = flow.tasks[index];
  const std::string context = sample_context(flow, task);
  const tmpl::Lookup lookup = make_lookup();
  const RenderText render = [&](const json::value& text, TextKind kind) -> Result<json::value> {
    Result<json::value> rendered = render_text(text, kind, context, lookup);
    return rendered.has_value() ? std::move(rendered) : Result<json::value>(text);
  };
  // What only a run tells stays as it is.
  const Evaluate evaluate = [&](std::string_view expression) -> Result<std::string> {
    Result<std::string> value = tmpl::evaluate(expression, context, lookup);
    return value.has_value() ? std::move(value)
                             : Result<std::string>(json::serialize(
                                   json::value(fmt::format("{{{{{}}}}}", expression))));
  };
  TRY_ASSIGN(const json::object params, render_params(task, render, evaluate));
  StepResult<Step> step = parse_params(task.type, json::serialize(params), flow.folder);
  if (!step.has_value()) return fail(ErrorCode::kInvalidArgument, step.error().message);
  for (std::string& id : upstream_ids(flow, task, params, *step)) {
    step->upstream.push_back({id, id + ".parquet", {}});
  }
  return std::move(*step);
}

TaskIndex find_task(const Flow& flow, std::string_view id) {
  const auto found = std::ranges::find(flow.tasks, id, &TaskSpec::id);
  return static_cast<TaskIndex>(found - flow.tasks.begin());
}

/// Columns a task will give, as far as that is known without data: those of contracts, through
/// checks and merges. Empty: not known.
std::vector<SourceColumn> expected_columns(const Flow& flow, TaskIndex index, int depth) {
  constexpr int kDepthMax = 100;
  if (index >= flow.tasks.size() || depth > kDepthMax) return {};
  const Result<Step> step = sample_step(flow, index);
  if (!step.has_value()) return {};
  std::vector<SourceColumn> columns;
  if (const auto* load = std::get_if<LoadParams>(&step->params)) {
    if (!load->contract.has_value()) return {};
    for (const ColumnSpec& column : load->contract->columns) {
      columns.push_back({column.name, sql_type(column.type), column.pii});
    }
  } else if (const auto* standardize = std::get_if<StandardizeParams>(&step->params)) {
    const std::vector<SourceColumn> before =
        expected_columns(flow, find_task(flow, standardize->of), depth + 1);
    if (before.empty()) return {};
    for (const OutColumn& column : standardized_columns(*standardize, before)) {
      const auto source = std::ranges::find(before, column.source, &SourceColumn::name);
      const bool same = column.set < 0 && source != before.end();
      columns.push_back({column.name, same ? source->type : std::string(), column.pii});
    }
  } else if (const auto* secure = std::get_if<SecureParams>(&step->params)) {
    for (SourceColumn& column : expected_columns(flow, find_task(flow, secure->of), depth + 1)) {
      const auto care = std::ranges::find(secure->columns, column.name, &ColumnCare::column);
      if (care == secure->columns.end())
        columns.push_back(std::move(column));
      else if (care->care != Care::kDrop)
        columns.push_back({column.name, "", false});
    }
  } else if (const auto* check = std::get_if<CheckParams>(&step->params)) {
    return expected_columns(flow, find_task(flow, check->of), depth + 1);
  } else if (const auto* guard = std::get_if<GuardParams>(&step->params)) {
    return expected_columns(flow, find_task(flow, guard->of), depth + 1);
  } else if (const auto* merge = std::get_if<MergeParams>(&step->params)) {
    for (const std::string& id : merge->of) {
      const std::vector<SourceColumn> more = expected_columns(flow, find_task(flow, id), depth + 1);
      if (more.empty()) return {};
      for (const SourceColumn& column : more) {
        if (std::ranges::find(columns, column.name, &SourceColumn::name) == columns.end()) {
          columns.push_back(column);
        }
      }
    }
  }
  return columns;
}

/// What every step may need of our environment.
void hand_over_variables(Launch& launch) {
  std::vector<const char*> names{"DYNA_DUCKDB", "XDG_CACHE_HOME"};
  names.insert(names.end(), std::begin(kLineageVariables), std::end(kLineageVariables));
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value == nullptr) continue;
    launch.env.emplace_back(name, value);
    if (name == kLineageKey && *value != '\0') launch.masks.emplace_back(value);
  }
}

/// The secrets that the step names, by the environment.
StepResult<> hand_over_keys(const Step& step, const Secrets& secrets, Launch& launch) {
  std::size_t at = 0;
  for (const std::string& key : secrets_of(step)) {
    const std::string variable = fmt::format("{}{}", kKeyVariable, at++);
    Result<std::string> value = secrets.find(key);
    if (!value.has_value()) return refuse(TaskErrorCode::kSecretMissing, value.error().message);
    if (value->empty() || value->find('\0') != std::string::npos) {
      return refuse(TaskErrorCode::kSecretMissing,
                    fmt::format("the secret {} is empty, or no text", key));
    }
    launch.masks.push_back(*value);
    launch.env.emplace_back(variable, *std::move(value));
  }
  return {};
}

}  // namespace

std::span<const std::string_view> data_types() {
  static constexpr std::array<std::string_view, 8> kTypes{
      "load", "check", "standardize", "secure", "merge", "transform", "guard", "share"};
  return kTypes;
}

bool is_data_type(std::string_view type) {
  return std::ranges::find(data_types(), type) != data_types().end();
}

std::expected<Launch, TaskError> DataPreparer::prepare(const StartAttempt& command,
                                                       const AttemptPaths& paths) {
  const Flow& flow = *command.flow;
  const TaskSpec& task = flow.tasks[command.task];
  const tmpl::Lookup lookup = make_lookup();
  const RenderText render = [&](const json::value& text, TextKind kind) {
    return render_text(text, kind, command.context, lookup);
  };
  const Evaluate evaluate = [&](std::string_view expression) {
    return tmpl::evaluate(expression, command.context, lookup);
  };
  Result<json::object> params = render_params(task, render, evaluate);
  if (!params.has_value()) return refuse(TaskErrorCode::kTemplateFailed, params.error().message);
  const Result<json::object> context = parse_object(command.context, "context");
  if (!context.has_value()) return refuse(TaskErrorCode::kInternal, context.error().message);
  // Wrong values are found here, before a process is started for them.
  const StepResult<Step> checked = parse_params(task.type, json::serialize(*params), flow.folder);
  if (!checked.has_value()) return std::unexpected<TaskError>(checked.error());

  const std::vector<std::string> ids = upstream_ids(flow, task, *params, *checked);
  json::object upstream = upstream_data(ids, *context);
  const bool named = params->contains("of") || std::holds_alternative<LoadParams>(checked->params);
  const std::string missing = missing_upstream(ids, upstream, named);
  if (!missing.empty()) {
    return refuse(TaskErrorCode::kInputInvalid,
                  fmt::format("task '{}' left no data to read: it was skipped, or failed and was "
                              "allowed to",
                              missing));
  }
  json::object step{
      {"version", kStepVersion},
      {"id", task.id},
      {"type", task.type},
      {"flow", flow.ns.empty() ? flow.id : flow.ns + "." + flow.id},
      {"folder", flow.folder},
      {"attempt",
       {{"run", command.run_id.value},
        {"task", command.key.path},
        {"number", command.key.attempt}}},
      {"params", std::move(*params)},
      {"upstream", std::move(upstream)},
      {"paths",
       {{"artifacts", paths.artifacts},
        {"work", paths.work},
        {"report", paths.report},
        {"private_mark", paths.private_mark}}},
  };
  const GuardPolicy* guard = guard_before(flow, task, *checked);
  if (guard != nullptr) {
    Result<json::object> past = guard_context(command, *guard, ids.front(), points_);
    if (!past.has_value()) {
      return refuse(TaskErrorCode::kInternal, "the history: " + past.error().message);
    }
    step["guard"] = std::move(*past);
  }
  Launch launch;
  for (const auto& source : step["upstream"].get_object()) {
    const json::value* path = source.value().get_object().if_contains("path");
    if (path != nullptr && path->is_string()) launch.reads.emplace_back(path->get_string());
  }
  launch.argv = {dyna_, "data-step", paths.folder + "/step.json"};
  launch.folder = flow.folder;
  hand_over_variables(launch);
  StepResult<> handed = hand_over_keys(*checked, secrets_, launch);
  if (!handed.has_value()) return std::unexpected<TaskError>(std::move(handed.error()));
  handed = hand_over_remote(*checked, {task.params, command.context, lookup.env}, secrets_, launch);
  if (!handed.has_value()) return std::unexpected<TaskError>(std::move(handed.error()));
  launch.files.push_back({"step.json", json::serialize(step)});
  return launch;
}

Result<std::string> show_sql(const Flow& flow, TaskIndex index) {
  if (index >= flow.tasks.size() || !is_data_type(flow.tasks[index].type)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("only data steps have SQL to show: {}", fmt::join(data_types(), ", ")));
  }
  TRY_ASSIGN(Step step, sample_step(flow, index));
  if (std::holds_alternative<MergeParams>(step.params) ||
      std::holds_alternative<StandardizeParams>(step.params) ||
      std::holds_alternative<SecureParams>(step.params)) {
    for (Upstream& source : step.upstream) {
      source.columns = expected_columns(flow, find_task(flow, source.id), 0);
      if (source.columns.empty()) {
        return fail(ErrorCode::kInvalidArgument,
                    fmt::format("the SQL of this step depends on the columns of '{}', which only "
                                "a run tells: give its load a contract",
                                source.id));
      }
    }
  }
  StepResult<std::string> sql = compile_sql(step);
  if (!sql.has_value()) return fail(ErrorCode::kInvalidArgument, sql.error().message);
  return std::move(*sql);
}

}  // namespace cordyna::data
