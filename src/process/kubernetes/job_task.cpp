#include "process/kubernetes/job_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/durations.hpp"
#include "base/text.hpp"
#include "template/task_renderer.hpp"
#include "template/template.hpp"

namespace cordyna::kubernetes {
namespace {

namespace json = boost::json;

constexpr std::int64_t kAttemptsPerRun = 1'000'000;

std::unexpected<Error> wrong(std::string_view key, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", key, what));
}

const json::value* find(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  return value == nullptr || value->is_null() ? nullptr : value;
}

/// A template that is all of a text keeps its type, so a number stands for its own text.
Result<std::string> text_of(std::string_view key, const json::value& value) {
  std::string text;
  if (value.is_string()) {
    text = std::string(value.get_string());
  } else if (value.is_number() || value.is_bool()) {
    text = json::serialize(value);
  } else {
    return wrong(key, "a text is wanted here");
  }
  if (text.find('\0') != std::string::npos) return wrong(key, "it holds a NUL byte");
  return text;
}

Result<> read_text(const json::object& object, std::string_view key, std::string& into) {
  const json::value* value = find(object, key);
  if (value == nullptr) return {};
  TRY_ASSIGN(into, text_of(key, *value));
  return {};
}

Result<> read_words(const json::object& object, std::string_view key,
                    std::vector<std::string>& into) {
  const json::value* value = find(object, key);
  if (value == nullptr) return {};
  if (!value->is_array()) {
    TRY_ASSIGN(std::string word, text_of(key, *value));
    into.push_back(std::move(word));
    return {};
  }
  for (const json::value& item : value->get_array()) {
    TRY_ASSIGN(std::string word, text_of(fmt::format("{}.{}", key, into.size()), item));
    into.push_back(std::move(word));
  }
  return {};
}

Result<> read_map(const json::object& object, std::string_view key, Texts& into) {
  const json::value* value = find(object, key);
  if (value == nullptr) return {};
  if (!value->is_object()) return wrong(key, "names with texts are wanted here");
  for (const auto& item : value->get_object()) {
    const std::string name(item.key());
    TRY_ASSIGN(into[name], text_of(fmt::format("{}.{}", key, name), item.value()));
  }
  return {};
}

/// The labels that say whose a Job is are not a flow's.
Result<> check_labels(const Texts& labels, std::string_view key) {
  for (const auto& [name, value] : labels) {
    if (name.starts_with("cordyna.io/") || name.find("kubernetes.io/") != std::string::npos ||
        name == "job-name" || name == "controller-uid") {
      return wrong(key, fmt::format("'{}' belongs to Kubernetes or to Cordyna", printable(name)));
    }
  }
  return {};
}

Result<> read_pull(const json::object& object, JobSpec& spec) {
  std::string word;
  TRY(read_text(object, "pull", word));
  if (word == "always") spec.pull = "Always";
  if (word == "missing") spec.pull = "IfNotPresent";
  if (word == "never") spec.pull = "Never";
  if (word.empty() || !spec.pull.empty()) return {};
  return wrong("pull", fmt::format("'{}' is none of missing, always, never", printable(word)));
}

Result<> read_requests(const json::object& object, Amounts& into) {
  const json::value* value = find(object, "requests");
  if (value == nullptr) return {};
  if (!value->is_object()) return wrong("requests", "cpu and memory are wanted here");
  const json::object& amounts = value->get_object();
  // As `resources`: sizes and cores were read by the flow's parser.
  if (const json::value* cpu = find(amounts, "cpu"); cpu != nullptr && cpu->is_number()) {
    into.cpu_millis = static_cast<std::uint32_t>(std::lround(cpu->to_number<double>() * 1000));
  }
  std::string memory;
  TRY(read_text(amounts, "memory", memory));
  if (!memory.empty()) {
    const auto bytes = parse_size(memory);
    if (!bytes.has_value()) return wrong("requests.memory", "a size is wanted here, as 256MB");
    into.memory_bytes = static_cast<std::uint64_t>(*bytes);
  }
  return {};
}

Result<> read_keys(const json::object& object, JobTask& task) {
  JobSpec& spec = task.spec;
  TRY(read_text(object, "image", spec.image));
  if (spec.image.empty()) return wrong("image", "it is empty");
  TRY(read_words(object, "entrypoint", spec.entrypoint));
  TRY(read_words(object, "command", spec.command));
  TRY(read_text(object, "working_dir", spec.working_dir));
  TRY(read_pull(object, spec));
  TRY(read_words(object, "pull_secrets", spec.pull_secrets));
  TRY(read_map(object, "node_selector", spec.node_selector));
  TRY(read_map(object, "job_labels", spec.labels));
  TRY(check_labels(spec.labels, "job_labels"));
  TRY(read_map(object, "job_annotations", spec.annotations));
  TRY(check_labels(spec.annotations, "job_annotations"));
  TRY(read_requests(object, spec.requests));
  TRY(read_text(object, "context", task.wanted.context));
  TRY(read_text(object, "namespace", task.wanted.ns));
  TRY(read_text(object, "service_account", task.wanted.account));
  spec.service_account = task.wanted.account;
  std::string ttl;
  TRY(read_text(object, "ttl", ttl));
  spec.ttl = kTtlDefault;
  task.stays = !ttl.empty();
  if (!task.stays) return {};
  const auto delay = parse_duration(ttl);
  if (!delay.has_value()) return wrong("ttl", "a duration is wanted here, as 1h");
  spec.ttl = *delay;
  return {};
}

Result<> bind_script(const json::object& params, const JobTask& task, std::string_view context,
                     const tmpl::Lookup& lookup, JobSpec& spec, std::vector<EnvVar>& env) {
  const json::value* script = find(params, "script");
  if (script == nullptr) {
    if (find(params, "interpreter") == nullptr) return {};
    return wrong("interpreter", "it is of a script, and there is none");
  }
  if (!task.spec.command.empty() || !task.spec.entrypoint.empty()) {
    return wrong("script", "it stands instead of command and entrypoint, not beside them");
  }
  TRY_ASSIGN(const std::string text, text_of("script", *script));
  TRY_ASSIGN(tmpl::BoundScript bound, tmpl::bind_shell(text, context, lookup));
  std::vector<std::string> shell;
  TRY(read_words(params, "interpreter", shell));
  if (shell.empty()) shell = {"/bin/sh", "-e"};
  spec.entrypoint = std::move(shell);
  spec.command = {"-c", std::move(bound.text), "dyna-script"};
  for (auto& [name, value] : bound.env) env.push_back({name, std::move(value)});
  return {};
}

void add_own(const StartAttempt& command, std::vector<EnvVar>& env) {
  const AttemptKey& key = command.key;
  env.push_back({"DYNA_RUN_ID", command.run_id.value});
  env.push_back({"DYNA_RUN", std::to_string(key.run)});
  env.push_back({"DYNA_TASK", key.path});
  env.push_back({"DYNA_ATTEMPT", attempt_text(command)});
  env.push_back({"DYNA_FENCE", std::to_string(key.run * kAttemptsPerRun + key.attempt)});
  env.push_back({"DYNA_OUTPUTS", kMessagePath});
}

/// Which variables hold a secret, and whether all can be handed over.
Result<> settle_env(std::vector<EnvVar>& env, const std::vector<std::string>& masks) {
  for (EnvVar& one : env) {
    if (one.value.find('\0') != std::string::npos || !is_utf8(one.value)) {
      return wrong("env." + one.name, "Kubernetes takes only text (UTF-8, without NUL)");
    }
    one.secret = std::ranges::any_of(
        masks, [&](const std::string& mask) { return one.value.find(mask) != std::string::npos; });
  }
  return {};
}

Result<> read_resources(const Resources& wanted, JobSpec& spec) {
  if (wanted.cpu_time > 0) {
    return wrong("resources.time",
                 "a cluster counts no CPU time; `timeouts: {complete: …}` limits "
                 "the time that it may take");
  }
  spec.limits = {wanted.cpu_millis, wanted.memory_bytes, wanted.disk_bytes};
  const bool more_cpu = wanted.cpu_millis > 0 && spec.requests.cpu_millis > wanted.cpu_millis;
  const bool more_memory =
      wanted.memory_bytes > 0 && spec.requests.memory_bytes > wanted.memory_bytes;
  if (more_cpu || more_memory) {
    return wrong(more_cpu ? "requests.cpu" : "requests.memory",
                 "it is more than `resources` allows");
  }
  return {};
}

/// The keys that no secret may stand in: all of them are told to whoever may see the Job.
Result<std::string> rendered_keys(const json::object& params, std::string_view context,
                                  tmpl::Lookup lookup) {
  json::object keys = params;
  keys.erase("script");
  lookup.secret = [](std::string_view name) -> Result<std::string> {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("secret('{}') may stand only in env and script of a Job: all else is "
                            "shown to whoever may look at the Job",
                            name));
  };
  return tmpl::render_json(json::serialize(keys), context, lookup);
}

}  // namespace

std::string attempt_text(const StartAttempt& command) {
  return fmt::format("{}/{}/{}", command.run_id.value, command.key.path, command.key.attempt);
}

std::expected<JobTask, TaskError> render_task(const Secrets& secrets, const StartAttempt& command) {
  TaskRenderer renderer(secrets, command);
  boost::system::error_code problem;
  const json::value params = json::parse(renderer.task().params, problem);
  if (problem.failed() || !params.is_object()) {
    return std::unexpected(make_task_error(TaskErrorCode::kInternal, Phase::kPrepare,
                                           "the keys of the task are not a JSON object"));
  }
  auto rendered = rendered_keys(params.get_object(), command.context, renderer.lookup());
  if (!rendered.has_value()) return std::unexpected(renderer.error("kubernetes", rendered.error()));
  const auto refuse = [](const Error& error) {
    return std::unexpected(
        make_task_error(TaskErrorCode::kInputInvalid, Phase::kPrepare, error.message));
  };
  JobTask task;
  const json::value keys = json::parse(*rendered);
  if (const auto read = read_keys(keys.get_object(), task); !read.has_value()) {
    return refuse(read.error());
  }
  if (command.place != nullptr) {  // which says it instead of the task
    task.wanted.context = command.place->context;
    task.wanted.ns = command.place->ns;
  }
  auto env = renderer.env();
  if (!env.has_value()) return std::unexpected(std::move(env.error()));
  std::vector<EnvVar>& all = task.spec.env;
  for (auto& [name, value] : *env) all.push_back({name, std::move(value)});
  const auto bound =
      bind_script(params.get_object(), task, command.context, renderer.lookup(), task.spec, all);
  if (!bound.has_value()) return std::unexpected(renderer.error("script", bound.error()));
  task.masks = renderer.masks();
  add_own(command, all);
  if (const auto fits = settle_env(all, task.masks); !fits.has_value()) return refuse(fits.error());
  const auto held = read_resources(renderer.task().resources, task.spec);
  if (!held.has_value()) return refuse(held.error());
  task.spec.attempt = attempt_text(command);
  task.spec.name = job_name("dyna-", task.spec.attempt);
  const Millis limit = command.timeouts.complete;
  task.spec.deadline = limit > 0 ? limit + kDeadlineSlack : 0;
  return task;
}

}  // namespace cordyna::kubernetes
