#include "flow/canonical.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/durations.hpp"
#include "model/task_server.hpp"

namespace cordyna::flow {
namespace {

std::string string_json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string list_json(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    append_json_string(out, text);
  }
  return out + ']';
}

/// Collects fields that differ from their defaults.
class Fields {
 public:
  void raw(std::string_view key, std::string json) { fields_.emplace_back(key, std::move(json)); }
  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) raw(key, string_json(value));
  }
  void flag(std::string_view key, bool value) {
    if (value) raw(key, "true");
  }
  void duration(std::string_view key, Millis value) {
    if (value > 0) raw(key, string_json(canonical_duration(value)));
  }
  void count(std::string_view key, std::optional<std::int64_t> value) {
    if (value.has_value()) raw(key, fmt::format("{}", *value));
  }
  void object(std::string_view key, Fields&& inner) {
    if (!inner.fields_.empty()) raw(key, inner.json());
  }
  std::string json() {
    std::string out;
    append_json_object(out, fields_, KeyOrder::kSorted);
    return out;
  }

 private:
  JsonFields fields_;
};

Fields retry_fields(const Retry& retry) {
  Fields fields;
  if (retry.attempts != 1) fields.raw("attempts", fmt::format("{}", retry.attempts));
  fields.duration("delay", retry.delay);
  if (retry.backoff != Backoff::kConstant) {
    fields.text("backoff", retry.backoff == Backoff::kRandom ? "random" : "exponential");
  }
  fields.duration("max_delay", retry.max_delay);
  fields.flag("jitter", retry.jitter);
  if (!retry.on.empty()) fields.raw("on", list_json(retry.on));
  return fields;
}

Fields timeout_fields(const Timeouts& timeouts) {
  Fields fields;
  fields.duration("acknowledge", timeouts.acknowledge);
  fields.duration("start", timeouts.start);
  fields.duration("complete", timeouts.complete);
  return fields;
}

Fields resource_fields(const Resources& resources) {
  Fields fields;
  if (resources.cpu_millis > 0) {
    fields.raw("cpu", fmt::format("{}", static_cast<double>(resources.cpu_millis) / 1000));
  }
  const auto size = [&](std::string_view key, std::uint64_t bytes) {
    if (bytes > 0) fields.text(key, fmt::format("{}B", bytes));
  };
  size("memory", resources.memory_bytes);
  size("disk", resources.disk_bytes);
  fields.duration("time", resources.cpu_time);
  return fields;
}

Fields need_fields(const PlaceNeed& need) {
  Fields fields;
  fields.text("name", need.name);
  Fields labels;
  for (const auto& [name, value] : need.labels) labels.raw(name, string_json(value));
  fields.object("labels", std::move(labels));
  return fields;
}

Fields concurrency_fields(const Concurrency& concurrency) {
  Fields fields;
  fields.raw("limit", fmt::format("{}", concurrency.limit));
  fields.text("key", concurrency.key);
  if (concurrency.when_full != WhenFull::kQueue) {
    fields.text("when_full", to_string(concurrency.when_full));
  }
  return fields;
}

Fields env_fields(const Env& env) {
  Fields fields;
  for (const auto& [name, value] : env) fields.raw(name, string_json(value));
  return fields;
}

Fields input_fields(const InputSpec& input) {
  Fields fields;
  fields.text("id", input.id);
  fields.text("description", input.description);
  if (input.type != InputType::kString) fields.text("type", to_string(input.type));
  if (!input.default_value.empty()) fields.raw("default", input.default_value);
  if (input.default_value.empty() && !input.required) fields.raw("required", "false");
  if (!input.values.empty()) fields.raw("values", list_json(input.values));
  if (input.items != InputType::kString) fields.text("items", to_string(input.items));
  if (!input.min.empty()) fields.raw("min", input.min);
  if (!input.max.empty()) fields.raw("max", input.max);
  fields.text("match", input.match);
  fields.count("min_length", input.min_length);
  fields.count("max_length", input.max_length);
  fields.count("min_items", input.min_items);
  fields.count("max_items", input.max_items);
  return fields;
}

std::string inputs_json(const std::vector<InputSpec>& inputs) {
  std::string out = "[";
  for (const InputSpec& input : inputs) {
    if (out.size() > 1) out += ',';
    out += input_fields(input).json();
  }
  return out + ']';
}

std::string tasks_json(const FlowDraft& draft, TaskIndex inside, std::uint32_t branch);

std::string task_json(const FlowDraft& draft, TaskIndex index) {
  const TaskDraft& task = draft.tasks[index];
  const TaskSpec& spec = task.spec;
  Fields fields;
  fields.text("id", std::string_view(spec.id).substr(spec.id.rfind('/') + 1));
  fields.text("type", spec.type);
  fields.text("description", spec.description);
  if (spec.owner != draft.flow.owner) fields.text("owner", spec.owner);
  fields.text("run_if", spec.run_if);
  if (spec.trigger_rule != TriggerRule::kAllCompleted) {
    fields.text("trigger_rule", to_string(spec.trigger_rule));
  }
  if (!spec.needs.empty()) {
    std::string needs = "[";
    for (const TaskIndex need : spec.needs) {
      if (needs.size() > 1) needs += ',';
      const TaskDraft& other = draft.tasks[need];
      if (other.implied) {
        JsonFields of_flow = other.params;
        append_json_object(needs, of_flow, KeyOrder::kSorted);
      } else {
        append_json_string(needs, other.spec.id);
      }
    }
    fields.raw("needs", needs + ']');
  }
  fields.object("retry", retry_fields(spec.retry));
  fields.object("timeouts", timeout_fields(spec.timeouts));
  fields.object("resources", resource_fields(spec.resources));
  fields.duration("timeout", spec.timeout);
  if (!is_line(spec.pool)) fields.text("pool", spec.pool);
  fields.object("place", need_fields(spec.place));
  if (spec.priority != 0) fields.raw("priority", std::to_string(spec.priority));
  fields.flag("allow_failure", spec.allow_failure);
  fields.flag("disabled", spec.disabled);
  fields.object("env", env_fields(spec.env));
  Fields cache;
  cache.text("key", spec.cache.key);
  cache.duration("for", spec.cache.age);
  fields.object("cache", std::move(cache));
  if (!spec.inputs.empty()) fields.raw("inputs", inputs_json(spec.inputs));
  for (const auto& [key, json] : task.params) {
    const KeySpec* key_spec = find_key(task.type->keys, key);
    if (key_spec != nullptr && key_spec->preset == json) continue;
    fields.raw(key, json);
  }
  Fields cases;
  for (std::uint32_t i = 0; i < spec.choice.cases.size(); ++i) {
    const std::string& name = spec.choice.cases[i];
    (name == kDefaultCase ? fields : cases).raw(name, tasks_json(draft, index, i));
  }
  fields.object("cases", std::move(cases));
  if (!spec.foreach.items.empty()) fields.raw("tasks", tasks_json(draft, index, 0));
  return fields.json();
}

/// The tasks of one case of a switch, or of a foreach.
std::string tasks_json(const FlowDraft& draft, TaskIndex inside, std::uint32_t branch) {
  std::string out = "[";
  for (TaskIndex i = inside + 1; i < draft.tasks.size(); ++i) {
    const TaskSpec& spec = draft.tasks[i].spec;
    if (spec.inside == kNoTask || spec.inside < inside) break;
    if (spec.inside != inside || spec.branch != branch) continue;
    if (out.size() > 1) out += ',';
    out += task_json(draft, i);
  }
  return out + ']';
}

std::string section_json(const FlowDraft& draft, Section section) {
  std::string out;
  for (TaskIndex i = 0; i < draft.tasks.size(); ++i) {
    const TaskSpec& spec = draft.tasks[i].spec;
    if (spec.section != section || spec.inside != kNoTask || draft.tasks[i].implied) continue;
    out += out.empty() ? '[' : ',';
    out += task_json(draft, i);
  }
  if (!out.empty()) out += ']';
  return out;
}

std::string holidays_json(const std::vector<std::int64_t>& days) {
  std::vector<std::string> dates;
  dates.reserve(days.size());
  for (const std::int64_t day : days) dates.push_back(format_date(day * 86'400'000));
  return list_json(dates);
}

void add_webhook(Fields& fields, const WebhookSpec& webhook) {
  constexpr Millis kUsualTolerance = 300'000;
  fields.text("path_secret", webhook.path_secret);
  if (!webhook.signing_secrets.empty()) {
    fields.raw("signing_secret", list_json(webhook.signing_secrets));
  }
  if (webhook.tolerance != kUsualTolerance) fields.duration("tolerance", webhook.tolerance);
  fields.text("event_id", webhook.event_id);
  fields.duration("wait", webhook.wait);
}

void add_listen(Fields& fields, const ListenSpec& listen) {
  if (!listen.connection.empty()) fields.raw("connection", listen.connection);
  if (!listen.operations.empty()) fields.raw("operations", list_json(listen.operations));
  fields.text("dedupe", listen.dedupe);
  fields.flag("over_gaps", listen.over_gaps);
}

void add_postgres(Fields& fields, const PostgresSpec& postgres) {
  if (!postgres.tables.empty()) fields.raw("tables", list_json(postgres.tables));
  if (postgres.replication) fields.text("mode", "replication");
  if (postgres.whole_rows) fields.text("rows", "whole");
  if (!postgres.install) fields.raw("install", "false");
}

void add_kafka(Fields& fields, const KafkaSpec& kafka) {
  fields.raw("topics", list_json(kafka.topics));
  fields.text("group", kafka.group);
  if (kafka.format != "json") fields.text("format", kafka.format);
  if (kafka.only_new) fields.text("start", "latest");
}

void add_file(Fields& fields, const FileSpec& file) {
  const FileSpec usual;
  fields.text("folder", file.folder);
  if (!file.files.empty()) fields.raw("files", list_json(file.files));
  if (file.ignore.has_value()) fields.raw("ignore", list_json(*file.ignore));
  fields.flag("recursive", file.recursive);
  if (file.settle != usual.settle) fields.duration("settle", file.settle);
  fields.text("archive", file.archive);
  if (!file.existing) fields.raw("existing", "false");
  fields.flag("hash", file.hash);
  if (file.rescan != usual.rescan) fields.duration("rescan", file.rescan);
  if (file.max_files != usual.max_files) fields.raw("max_files", std::to_string(file.max_files));
}

void add_poll(Fields& fields, const PollSpec& poll) {
  const PollSpec usual;
  const auto object = [&fields](const char* name, const std::string& json) {
    if (!json.empty()) fields.raw(name, json);
  };
  if (poll.every != usual.every) fields.duration("every", poll.every);
  if (poll.timeout != usual.timeout) fields.duration("timeout", poll.timeout);
  fields.text("cursor", poll.cursor);
  if (!poll.key.empty()) fields.raw("key", list_json(poll.key));
  if (poll.only_new) fields.text("start", "latest");
  fields.text("url", poll.url);
  if (poll.posts) fields.text("method", "POST");
  object("headers", poll.headers);
  object("auth", poll.auth);
  object("json", poll.json);
  fields.text("items", poll.items);
  object("send", poll.send);
  fields.text("next", poll.next);
  object("send_next", poll.send_next);
  if (poll.max_size != usual.max_size) fields.text("max_size", std::to_string(poll.max_size) + "B");
  fields.text("query", poll.query);
  if (poll.max_rows != usual.max_rows) fields.raw("max_rows", std::to_string(poll.max_rows));
}

void add_redis(Fields& fields, const RedisSpec& redis) {
  const RedisSpec usual;
  fields.raw("streams", list_json(redis.streams));
  fields.text("group", redis.group);
  if (redis.json) fields.text("format", "json");
  if (redis.only_new) fields.text("start", "latest");
  if (redis.claim_after == 0) fields.text("claim_after", "0ms");
  if (redis.claim_after != usual.claim_after) fields.duration("claim_after", redis.claim_after);
}

void add_gather(Fields& fields, const GatherSpec& gather) {
  constexpr std::size_t kUsualMax = 1'000;
  if (gather.debounce > 0) {
    fields.duration("debounce", gather.debounce);
  } else if (gather.is_on()) {
    Fields batch;
    if (gather.max != kUsualMax) batch.raw("max", std::to_string(gather.max));
    batch.duration("within", gather.within);
    fields.object("batch", std::move(batch));
  }
}

void add_flow_ends(Fields& fields, const FlowEndsSpec& ends) {
  fields.raw("flows", list_json(ends.flows));
  if (ends.need != ends.flows.size()) fields.raw("need", std::to_string(ends.need));
  if (ends.states != std::vector<std::string>{"completed", "warning"}) {
    fields.raw("states", list_json(ends.states));
  }
  fields.duration("within", ends.within);
}

void add_schedule(Fields& fields, const TriggerSpec& trigger) {
  fields.text("cron", trigger.cron);
  if (trigger.timezone != "UTC") fields.text("timezone", trigger.timezone);
  if (trigger.catch_up != CatchUp::kLatest) fields.text("catch_up", to_string(trigger.catch_up));
  fields.duration("window", trigger.window);
  fields.duration("jitter", trigger.jitter);
  if (trigger.on_gap != OnGap::kShift) fields.text("on_gap", to_string(trigger.on_gap));
  if (trigger.on_overlap != OnOverlap::kOnce) {
    fields.text("on_overlap", to_string(trigger.on_overlap));
  }
  if (!trigger.holidays.empty()) fields.raw("holidays", holidays_json(trigger.holidays));
}

Fields trigger_fields(const Flow& flow, const TriggerSpec& trigger) {
  Fields fields;
  fields.text("id", trigger.id);
  fields.text("type", to_string(trigger.type));
  fields.text("description", trigger.description);
  switch (trigger.type) {
    case TriggerType::kSchedule: add_schedule(fields, trigger); break;
    case TriggerType::kWebhook: add_webhook(fields, trigger.webhook); break;
    case TriggerType::kPostgres: add_postgres(fields, trigger.postgres); break;
    case TriggerType::kKafka: add_kafka(fields, trigger.kafka); break;
    case TriggerType::kFlow: add_flow_ends(fields, trigger.ends); break;
    case TriggerType::kFile: add_file(fields, trigger.file); break;
    case TriggerType::kPoll: add_poll(fields, trigger.poll); break;
    case TriggerType::kRedis: add_redis(fields, trigger.redis); break;
  }
  fields.text("where", trigger.where);
  add_gather(fields, trigger.gather);
  if (has_input(trigger.type)) add_listen(fields, trigger.listen);
  Fields inputs;
  for (const auto& [id, text] : trigger.inputs) {
    const auto input = std::ranges::find(flow.inputs, id, &InputSpec::id);
    const bool json = input != flow.inputs.end() && input->type == InputType::kJson;
    inputs.raw(id, json ? text : string_json(text));
  }
  fields.object("inputs", std::move(inputs));
  fields.flag("disabled", trigger.disabled);
  return fields;
}

std::string triggers_json(const Flow& flow) {
  std::string out = "[";
  for (const TriggerSpec& trigger : flow.triggers) {
    if (out.size() > 1) out += ',';
    out += trigger_fields(flow, trigger).json();
  }
  return out + ']';
}

}  // namespace

std::string canonical(const FlowDraft& draft) {
  const Flow& flow = draft.flow;
  Fields fields;
  fields.text("id", flow.id);
  fields.text("namespace", flow.ns);
  fields.text("description", flow.description);
  if (flow.owner != "flow:" + flow.id) fields.text("owner", flow.owner);
  if (flow.labels != "{}") fields.raw("labels", flow.labels);
  if (flow.vars != "{}") fields.raw("vars", flow.vars);
  if (flow.outputs != "{}") fields.raw("outputs", flow.outputs);
  if (!flow.inputs.empty()) fields.raw("inputs", inputs_json(flow.inputs));
  if (!flow.triggers.empty()) fields.raw("triggers", triggers_json(flow));
  fields.duration("timeout", flow.timeout);
  fields.duration("late_after", flow.late_after);
  fields.duration("stuck_after", flow.stuck_after);
  if (flow.concurrency.limit > 0) {
    Fields limit = concurrency_fields(flow.concurrency);
    fields.object("concurrency", std::move(limit));
  }
  const auto section = [&](std::string_view key, Section which) {
    std::string json = section_json(draft, which);
    if (!json.empty()) fields.raw(key, std::move(json));
  };
  section("tasks", Section::kTasks);
  section("errors", Section::kErrors);
  section("finally", Section::kFinally);
  return fields.json();
}

}  // namespace cordyna::flow
