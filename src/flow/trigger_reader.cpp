#include "flow/trigger_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/calendar.hpp"
#include "base/check.hpp"
#include "flow/input_rules.hpp"
#include "flow/json_text.hpp"
#include "flow/subflow_reader.hpp"
#include "schedule/cron.hpp"
#include "schedule/zone.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;

constexpr std::size_t kBatchMax = 1'000;  // without `max`
constexpr std::size_t kDebouncedMax = 10'000;
constexpr std::size_t kFlowsMax = 100;  // that a trigger waits for

constexpr Millis kTolerance = 300'000;

/// 0: it is none.
std::size_t count_of(const Node& number) {
  std::size_t count = 0;
  const std::string_view text = number.text;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? count : 0;
}

/// Of a list, or the single one that stands for it.
std::vector<const Node*> items_of(const Node& value) {
  if (value.kind != NodeKind::kList) return {&value};
  std::vector<const Node*> items;
  for (const Node* one = value.first; one != nullptr; one = one->next) items.push_back(one);
  return items;
}

const TriggerKind& kind_of(TriggerType type) {
  return trigger_kinds()[static_cast<std::size_t>(type)];
}

const KeySpec& schedule_key(std::string_view name) {
  const KeySpec* spec = find_key(kind_of(TriggerType::kSchedule).keys, name);
  CHECK(spec != nullptr);
  return *spec;
}

}  // namespace

TriggerSpec TriggerReader::read(const Node& node) {
  TriggerSpec trigger;
  if (!reader_.is_map(node, "triggers")) return trigger;
  const TriggerKind* kind = kind_of(node);
  if (kind == nullptr) return trigger;
  trigger.type = static_cast<TriggerType>(kind - trigger_kinds().data());
  if (trigger.type == TriggerType::kWebhook) trigger.webhook.tolerance = kTolerance;
  const std::size_t templates = uses_.templates.size();
  for (const Node* key = node.first; key != nullptr; key = key->next->next) {
    const KeySpec* spec = find_key(trigger_keys(), key->text);
    if (spec == nullptr) spec = find_key(kind->keys, key->text);
    if (spec != nullptr) {
      read_key(*spec, *key->next, trigger);
    } else {
      reader_.unknown_key(*key, trigger_keys(), kind->keys, renamed_trigger_keys(),
                          fmt::format("of a trigger of type {}", kind->name));
    }
  }
  check_keys(node, *kind);
  check_id(node, trigger);
  check_required(node, trigger);
  if (trigger.type == TriggerType::kWebhook) check_webhook(node, trigger.webhook);
  if (trigger.type == TriggerType::kPostgres) check_replication(node, trigger);
  if (trigger.type == TriggerType::kFile) check_file(node, trigger.file);
  if (trigger.type == TriggerType::kPoll) check_poll(node, trigger);
  if (trigger.type == TriggerType::kFlow) finish_ends(node, trigger.ends);
  check_gather(node, trigger, templates);
  if (trigger.type != TriggerType::kSchedule) {
    const auto first = uses_.templates.begin() + static_cast<std::ptrdiff_t>(templates);
    Uses& own = tells_of_things(trigger.type) ? row_uses_ : event_uses_;
    own.templates.insert(own.templates.end(), first, uses_.templates.end());
    uses_.templates.erase(first, uses_.templates.end());
  }
  return trigger;
}

const TriggerKind* TriggerReader::kind_of(const Node& node) {
  const Node* type = node.find("type");
  if (type == nullptr) {
    reporter_.error(node, Code::kMissingKey,
                    "a trigger has no 'type'; it is required: schedule, webhook, postgres, kafka, "
                    "flow, file, poll, or redis");
    return nullptr;
  }
  if (type->is_scalar() && std::ranges::count(later_trigger_types(), type->text) > 0) {
    reporter_.error(*type, Code::kNotYet,
                    fmt::format("triggers of type {} are not supported by this version; schedule, "
                                "webhook, postgres, kafka, flow, file, poll and redis are",
                                quoted(type->text)));
    return nullptr;
  }
  const auto word = reader_.word(*type, *find_key(trigger_keys(), "type"), "type");
  return word.has_value() ? &trigger_kinds()[*word] : nullptr;
}

void TriggerReader::check_keys(const Node& node, const TriggerKind& kind) {
  for (const std::span<const KeySpec> keys : {trigger_keys(), kind.keys}) {
    for (const KeySpec& spec : keys) {
      if (!spec.required || node.find(spec.name) != nullptr) continue;
      reporter_.error(node, Code::kMissingKey,
                      fmt::format("a trigger has no '{}'; it is required", spec.name));
    }
  }
}

void TriggerReader::check_id(const Node& node, const TriggerSpec& trigger) {
  const Node* id = node.find("id");
  if (id == nullptr || trigger.id.empty()) return;
  const auto [first, added] = lines_.emplace(id->text, id->mark.line);
  if (added) return;
  reporter_.error(*id, Code::kDuplicateId,
                  fmt::format("a second trigger has the id '{}'; the first is in line {}",
                              trigger.id, first->second));
}

void TriggerReader::read_key(const KeySpec& spec, const Node& value, TriggerSpec& trigger) {
  std::string json;
  if (spec.name == "id") {
    if (reader_.read(value, spec, spec.name, json)) trigger.id = value.text;
  } else if (spec.name == "description") {
    if (reader_.read(value, spec, spec.name, json)) trigger.description = value.text;
  } else if (spec.name == "inputs") {
    read_inputs(value, trigger);
  } else if (spec.name == "disabled") {
    trigger.disabled = reader_.boolean(value, spec.name).value_or(false);
  } else if (spec.name == "type") {
    return;  // read before all others
  } else if (spec.name == "where") {
    trigger.where = before_a_run(spec, value);
  } else if (spec.name == "batch") {
    read_batch(spec, value, trigger.gather);
  } else if (spec.name == "debounce") {
    trigger.gather.debounce = reader_.duration(value, spec, spec.name).value_or(0);
    if (trigger.gather.debounce > 0) trigger.gather.max = kDebouncedMax;
  } else if (trigger.type == TriggerType::kSchedule) {
    read_schedule_key(spec, value, trigger);
  } else if (trigger.type == TriggerType::kWebhook) {
    read_webhook_key(spec, value, trigger.webhook);
  } else if (trigger.type == TriggerType::kFlow) {
    read_flow_key(spec, value, trigger.ends);
  } else if (!read_listen_key(spec, value, trigger)) {
    if (trigger.type == TriggerType::kFile) {
      read_file_key(spec, value, trigger.file);
    } else if (trigger.type == TriggerType::kPoll) {
      read_poll_key(spec, value, trigger.poll);
    } else if (trigger.type == TriggerType::kRedis) {
      read_redis_key(spec, value, trigger.redis);
    } else if (trigger.type == TriggerType::kPostgres) {
      read_postgres_key(spec, value, trigger.postgres);
    } else {
      read_kafka_key(spec, value, trigger.kafka);
    }
  }
}

void TriggerReader::read_schedule_key(const KeySpec& spec, const Node& value,
                                      TriggerSpec& trigger) {
  const auto word = [&] {
    return static_cast<std::uint8_t>(reader_.word(value, spec, spec.name).value_or(0));
  };
  if (spec.name == "cron") {
    read_cron(value, trigger);
  } else if (spec.name == "timezone") {
    read_timezone(value, trigger);
  } else if (spec.name == "catch_up") {
    trigger.catch_up = static_cast<CatchUp>(word());
  } else if (spec.name == "window") {
    trigger.window = reader_.duration(value, spec, spec.name).value_or(0);
  } else if (spec.name == "jitter") {
    trigger.jitter = reader_.duration(value, spec, spec.name).value_or(0);
  } else if (spec.name == "on_gap") {
    trigger.on_gap = static_cast<OnGap>(word());
  } else if (spec.name == "on_overlap") {
    trigger.on_overlap = static_cast<OnOverlap>(word());
  } else {
    CHECK(spec.name == "holidays");
    read_holidays(spec, value, trigger);
  }
}

void TriggerReader::read_webhook_key(const KeySpec& spec, const Node& value, WebhookSpec& webhook) {
  if (spec.name == "path_secret") {
    (void)read_secret_name(value, spec.name, webhook.path_secret);
  } else if (spec.name == "signing_secret") {
    std::string json;
    if (!reader_.read(value, spec, spec.name, json)) return;
    for (const Node* one : items_of(value)) {
      std::string name;
      if (read_secret_name(*one, spec.name, name)) webhook.signing_secrets.push_back(name);
    }
  } else if (spec.name == "tolerance") {
    webhook.tolerance = reader_.duration(value, spec, spec.name).value_or(kTolerance);
  } else if (spec.name == "event_id") {
    webhook.event_id = before_a_run(spec, value);
  } else {
    CHECK(spec.name == "wait");
    webhook.wait = reader_.duration(value, spec, spec.name).value_or(0);
  }
}

std::vector<std::string> TriggerReader::texts(const KeySpec& spec, const Node& value) {
  std::vector<std::string> found;
  std::string json;
  if (!reader_.read(value, spec, spec.name, json)) return found;
  for (const Node* one : items_of(value)) {
    found.emplace_back(one->text);
  }
  return found;
}

std::string TriggerReader::before_a_run(const KeySpec& spec, const Node& value) {
  std::string json;
  if (!reader_.read(value, spec, spec.name, json)) return {};
  for (const tmpl::Reference& reference : tmpl::analyze(value.text).references) {
    if (reference.path.empty() || reference.path[0] != "run") continue;
    reporter_.error_in(
        value, reference.offset, Code::kBadTemplate,
        fmt::format("'run' is not known in '{}': an event is there before its run", spec.name));
  }
  check_many(value, fmt::format("in '{}', which is looked at for each event alone", spec.name),
             false, false);
  return std::string(value.text);
}

void TriggerReader::read_batch(const KeySpec& spec, const Node& value, GatherSpec& gather) {
  std::string json;
  if (!reader_.read(value, spec, spec.name, json)) return;
  gather.max = kBatchMax;
  if (const Node* max = value.find("max"); max != nullptr) gather.max = count_of(*max);
  const KeySpec& within = *find_key(spec.fields, "within");
  gather.within = reader_.duration(*value.find("within"), within, within.name).value_or(0);
}

void TriggerReader::check_gather(const Node& node, const TriggerSpec& trigger,
                                 std::size_t first_template) {
  const Node* batch = node.find("batch");
  const Node* debounce = node.find("debounce");
  if (batch != nullptr && debounce != nullptr) {
    reporter_.error(*debounce, Code::kBadKey,
                    "'debounce' is for the last of many events, 'batch' for all of them; leave one "
                    "of them out");
  }
  const Node* wait = node.find("wait");
  if (wait != nullptr && trigger.gather.is_on()) {
    reporter_.error(*wait, Code::kBadKey,
                    "an answer cannot wait for a run that begins when others have come; leave "
                    "'wait' out");
  }
  if (trigger.type == TriggerType::kSchedule) return;
  for (std::size_t i = first_template; i < uses_.templates.size(); ++i) {
    const Node& used = *uses_.templates[i].node;
    const auto is = [&](std::string_view key) { return node.find(key) == &used; };
    if (is("where") || is("dedupe") || is("event_id")) continue;  // looked at when they were read
    check_many(used, "without 'batch'", trigger.gather.is_on(), batch != nullptr);
  }
}

void TriggerReader::check_many(const Node& node, std::string_view where, bool count, bool events) {
  for (const tmpl::Reference& reference : tmpl::analyze(node.text).references) {
    if (reference.path.size() < 2 || reference.path[0] != "event") continue;
    const std::string& field = reference.path[1];
    const bool unknown = (field == "count" && !count) || (field == "events" && !events);
    if (!unknown) continue;
    reporter_.error_in(node, reference.offset, Code::kUndefinedName,
                       fmt::format("'event.{}' is not known {}", field, where));
  }
}

bool TriggerReader::read_listen_key(const KeySpec& spec, const Node& value, TriggerSpec& trigger) {
  ListenSpec& listen = trigger.listen;
  if (spec.name == "connection") {
    const auto type = trigger.type == TriggerType::kPostgres ? ConnectionType::kPostgres
                      : trigger.type == TriggerType::kPoll   ? ConnectionType::kDatabase
                      : trigger.type == TriggerType::kRedis  ? ConnectionType::kRedis
                                                             : ConnectionType::kKafka;
    listen.connection = connections_.read(value, type, reporter_).value_or("");
  } else if (spec.name == "operations") {
    listen.operations = texts(spec, value);
  } else if (spec.name == "dedupe") {
    listen.dedupe = before_a_run(spec, value);
  } else if (spec.name == "over_gaps") {
    listen.over_gaps = reader_.boolean(value, spec.name).value_or(false);
  } else {
    return false;
  }
  return true;
}

void TriggerReader::read_postgres_key(const KeySpec& spec, const Node& value,
                                      PostgresSpec& postgres) {
  if (spec.name == "tables") {
    postgres.tables = texts(spec, value);
  } else if (spec.name == "mode") {
    postgres.replication = reader_.word(value, spec, spec.name).value_or(0) == 1;
  } else if (spec.name == "install") {
    postgres.install = reader_.boolean(value, spec.name).value_or(true);
  } else {
    CHECK(spec.name == "rows");
    postgres.whole_rows = reader_.word(value, spec, spec.name).value_or(0) == 1;
  }
}

void TriggerReader::read_kafka_key(const KeySpec& spec, const Node& value, KafkaSpec& kafka) {
  if (spec.name == "topics") {
    kafka.topics = texts(spec, value);
  } else if (spec.name == "group") {
    kafka.group = reader_.text(value, spec.name).value_or("");
  } else if (spec.name == "format") {
    kafka.format = spec.words[reader_.word(value, spec, spec.name).value_or(0)];
  } else {
    CHECK(spec.name == "start");
    kafka.only_new = reader_.word(value, spec, spec.name).value_or(0) == 1;
  }
}

void TriggerReader::read_redis_key(const KeySpec& spec, const Node& value, RedisSpec& redis) {
  if (spec.name == "streams") {
    redis.streams = texts(spec, value);
  } else if (spec.name == "group") {
    redis.group = reader_.text(value, spec.name).value_or("");
  } else if (spec.name == "format") {
    redis.json = reader_.word(value, spec, spec.name).value_or(0) == 1;
  } else if (spec.name == "start") {
    redis.only_new = reader_.word(value, spec, spec.name).value_or(0) == 1;
  } else {
    CHECK(spec.name == "claim_after");
    redis.claim_after = reader_.duration(value, spec, spec.name).value_or(redis.claim_after);
  }
}

void TriggerReader::read_flow_key(const KeySpec& spec, const Node& value, FlowEndsSpec& ends) {
  std::string json;
  if (spec.name == "flows") {
    if (!reader_.read(value, spec, spec.name, json)) return;
    for (const Node* one : items_of(value)) {
      read_flow_name(*one, ends);
    }
  } else if (spec.name == "need") {
    read_need(value);
  } else if (spec.name == "states") {
    ends.states = texts(spec, value);
  } else {
    CHECK(spec.name == "within");
    ends.within = reader_.duration(value, spec, spec.name).value_or(0);
  }
}

void TriggerReader::read_flow_name(const Node& name, FlowEndsSpec& ends) {
  const auto named = parse_flow_name(name.text, flow_.ns);
  if (!named.has_value()) {
    reporter_.error(name, Code::kBadValue,
                    fmt::format("{} names no flow; write NAMESPACE/ID, such as acme.orders/load, "
                                "or the ID of a flow in the same namespace",
                                quoted(name.text)));
  } else if (named->id == flow_.id && named->ns == flow_.ns) {
    reporter_.error(name, Code::kCycle,
                    "a flow that starts when its own run has ended would never stop");
  } else if (ends.flows.size() == kFlowsMax) {
    reporter_.error(name, Code::kBadValue, fmt::format("'flows' has at most {} flows", kFlowsMax));
  } else if (std::string whole = named->ns + '/' + named->id;
             std::ranges::count(ends.flows, whole) > 0) {
    reporter_.error(name, Code::kBadValue, fmt::format("{} is there twice", quoted(name.text)));
  } else {
    ends.flows.push_back(std::move(whole));
  }
}

void TriggerReader::read_need(const Node& value) {
  const auto text = reader_.text(value, "need");
  if (!text.has_value() || *text == "all" || *text == "any") return;
  if (count_of(value) >= 1) return;
  reporter_.error(value, Code::kBadValue,
                  fmt::format("'need' is all, any, or how many of 'flows', not {}", quoted(*text)));
}

/// Only here is it known how many flows there are.
void TriggerReader::finish_ends(const Node& node, FlowEndsSpec& ends) {
  if (ends.states.empty()) ends.states = {"completed", "warning"};
  ends.need = ends.flows.size();
  const Node* need = node.find("need");
  if (need == nullptr || !need->is_scalar() || need->text == "all") return;
  if (need->text == "any") {
    ends.need = 1;
  } else if (const std::size_t wanted = count_of(*need); wanted >= 1) {
    if (wanted > ends.flows.size()) {
      reporter_.error(
          *need, Code::kBadValue,
          fmt::format("'need' is {}, and there are {} flows", wanted, ends.flows.size()));
    }
    ends.need = std::min(wanted, ends.flows.size());
  }
}

bool TriggerReader::read_secret_name(const Node& value, std::string_view key, std::string& name) {
  const auto text = reader_.text(value, key);
  if (!text.has_value()) return false;
  // The message must not show what stands there: it may be the secret itself.
  if (!is_env_name(*text) || *text == "KEY") {
    reporter_.error(value, Code::kBadValue,
                    fmt::format("'{}' wants the name of a secret: letters, digits and '_', not a "
                                "digit first, and not KEY; 'dyna secret set NAME' keeps its value",
                                key));
    return false;
  }
  name = *text;
  return true;
}

/// Else the tables of the application that have no key could not be updated any more.
void TriggerReader::check_replication(const Node& node, const TriggerSpec& trigger) {
  const bool create_alone = trigger.listen.operations == std::vector<std::string>{"create"};
  const Node* mode = node.find("mode");
  if (!trigger.postgres.replication || create_alone || node.find("tables") != nullptr) return;
  reporter_.error(*mode, Code::kMissingKey,
                  "'mode: replication' wants 'tables', or 'operations: create': of all tables, "
                  "those without a primary key could not be updated any more");
}

void TriggerReader::check_webhook(const Node& node, const WebhookSpec& webhook) {
  const Node* path = node.find("path_secret");
  const Node* signing = node.find("signing_secret");
  if (path == nullptr && signing == nullptr) {
    reporter_.error(node, Code::kMissingKey,
                    "a webhook has no 'signing_secret' and no 'path_secret': whoever finds its "
                    "address could start runs; name a secret in one of them");
  }
  const Node* tolerance = node.find("tolerance");
  if (tolerance != nullptr && signing == nullptr && webhook.signing_secrets.empty()) {
    reporter_.error(*tolerance, Code::kBadKey,
                    "'tolerance' is for the timestamp of a signature; there is no "
                    "'signing_secret'");
  }
}

void TriggerReader::read_cron(const Node& value, TriggerSpec& trigger) {
  std::string json;
  if (!reader_.read(value, schedule_key("cron"), "cron", json)) return;
  trigger.cron = value.text;
  const auto cron = schedule::Cron::parse(value.text);
  if (cron.has_value()) return;
  reporter_.error(value, Code::kBadValue, fmt::format("'cron': {}", cron.error().message));
}

void TriggerReader::read_timezone(const Node& value, TriggerSpec& trigger) {
  std::string json;
  if (!reader_.read(value, schedule_key("timezone"), "timezone", json)) return;
  trigger.timezone = value.text;
  const auto zone = schedule::Zone::find(value.text);
  if (zone.has_value()) return;
  reporter_.error(value, Code::kBadValue, fmt::format("'timezone': {}", zone.error().message));
}

void TriggerReader::read_holidays(const KeySpec& spec, const Node& value, TriggerSpec& trigger) {
  std::string json;
  if (!reader_.read(value, spec, spec.name, json)) return;
  for (const Node* day : items_of(value)) {
    const auto date = parse_date(day->text);
    if (date.has_value()) {
      trigger.holidays.push_back(date->seconds / kDaySeconds);
    } else {
      reporter_.error(
          *day, Code::kBadValue,
          fmt::format("'holidays' wants dates like 2026-12-25, not {}", quoted(day->text)));
    }
  }
  std::ranges::sort(trigger.holidays);
  const auto rest = std::ranges::unique(trigger.holidays);
  trigger.holidays.erase(rest.begin(), rest.end());
}

void TriggerReader::read_inputs(const Node& map, TriggerSpec& trigger) {
  if (!reader_.is_map(map, "inputs")) return;
  std::vector<std::string_view> known;
  known.reserve(inputs_.size());
  for (const InputSpec& input : inputs_) known.emplace_back(input.id);
  for (const Node* key = map.first; key != nullptr; key = key->next->next) {
    const auto input = std::ranges::find(inputs_, key->text, &InputSpec::id);
    if (input != inputs_.end()) {
      read_input(*input, *key->next, trigger);
      continue;
    }
    std::string hint = did_you_mean(key->text, known);
    if (hint.empty()) hint = known.empty() ? "; the flow has none" : "; it has " + join_or(known);
    reporter_.error(*key, Code::kUnknownKey,
                    fmt::format("unknown input {}{}", quoted(key->text), hint));
  }
  std::ranges::sort(trigger.inputs);
}

void TriggerReader::read_input(const InputSpec& input, const Node& value, TriggerSpec& trigger) {
  if (input.type == InputType::kJson) {
    std::string json;
    if (reader_.read(value, *find_key(trigger_keys(), "inputs")->item, input.id, json)) {
      trigger.inputs.emplace_back(input.id, std::move(json));
    }
  } else if (value.kind == NodeKind::kNull) {
    wrong_input(value, input, "has no value; leave it out, so that its default counts");
  } else if (value.is_scalar()) {
    read_single(input, value, trigger);
  } else if (is_list(input.type) && value.kind == NodeKind::kList) {
    read_list(input, value, trigger);
  } else {
    reporter_.error(value, Code::kWrongType,
                    fmt::format("input '{}' wants {} ({}), not {}", input.id,
                                is_list(input.type) ? "a list" : "one value", to_string(input.type),
                                describe(value.kind)));
  }
}

void TriggerReader::read_single(const InputSpec& input, const Node& value, TriggerSpec& trigger) {
  const bool bool_written = value.kind == NodeKind::kBool && input.type == InputType::kBool;
  std::string text = bool_written ? scalar_as_json(value) : std::string(value.text);
  if (tmpl::has_template(text)) {
    uses_.templates.push_back({&value, ValueKind::kTemplate});
  } else if (const auto checked = checked_input(input, text); !checked.has_value()) {
    return wrong_input(value, input, checked.error().message);
  }
  trigger.inputs.emplace_back(input.id, std::move(text));
}

void TriggerReader::read_list(const InputSpec& input, const Node& list, TriggerSpec& trigger) {
  auto checked = checked_list(input, list);
  if (!checked.has_value()) {
    return wrong_input(*checked.error().at, input, checked.error().message);
  }
  if (tmpl::has_template(*checked)) {
    reporter_.error(list, Code::kTemplateNotAllowed,
                    fmt::format("the list for input '{}' has a template; write one text instead, "
                                "such as \"a,{{{{ run.date }}}}\"",
                                input.id));
    return;
  }
  trigger.inputs.emplace_back(input.id, std::move(*checked));
}

void TriggerReader::wrong_input(const Node& at, const InputSpec& input, std::string_view message) {
  reporter_.error(at, Code::kBadValue, fmt::format("input '{}' {}", input.id, message));
}

void TriggerReader::check_required(const Node& node, const TriggerSpec& trigger) {
  const Node* given = node.find("inputs");
  for (const InputSpec& input : inputs_) {
    if (!input.required) continue;
    if (given != nullptr && given->kind == NodeKind::kMap && given->find(input.id) != nullptr) {
      continue;
    }
    reporter_.error(given != nullptr ? *given : node, Code::kMissingKey,
                    fmt::format("input '{}' is required, and trigger '{}' does not give it; add it "
                                "to its 'inputs', or give the input a default",
                                input.id, trigger.id));
  }
}

}  // namespace cordyna::flow
