#include "embed/flow_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <utility>

#include "base/hash.hpp"
#include "base/json_text.hpp"
#include "embed/json_slice.hpp"
#include "engine/retry.hpp"

namespace cordyna::embed {
namespace {

constexpr Millis kLongestWait = 3'600'000;
constexpr std::string_view kOwner = "library";

std::string as_list(const std::vector<std::string>& ids) {
  std::string out = "[";
  for (const std::string& id : ids) {
    if (out.size() > 1) out += ',';
    append_json_string(out, id);
  }
  return out + "]";
}

Retry retry_of(const Tries& tries) {
  Retry retry;
  retry.attempts = tries.attempts;
  retry.delay = tries.wait;
  retry.backoff = Backoff::kExponential;
  retry.max_delay = kLongestWait;
  return retry;
}

std::unexpected<Error> bad_flow_text(const std::string& why) {
  return fail(ErrorCode::kCorrupt, "the text of an input's flow cannot be read: " + why);
}

std::vector<std::string> texts_of(const boost::json::array& list) {
  std::vector<std::string> texts;
  for (const auto& value : list) {
    if (const auto* text = value.if_string()) texts.emplace_back(text->data(), text->size());
  }
  return texts;
}

Result<TaskSpec> task_of(const boost::json::value& stage, const Tries& tries,
                         const std::map<std::string, TaskIndex>& known) {
  const auto* object = stage.if_object();
  const auto* id = object == nullptr ? nullptr : object->if_contains("id");
  const auto* after = object == nullptr ? nullptr : object->if_contains("after");
  if (id == nullptr || !id->is_string() || after == nullptr || !after->is_array()) {
    return bad_flow_text("a process has no 'id' or no 'after'");
  }
  TaskSpec task;
  task.id = std::string(id->get_string().data(), id->get_string().size());
  task.type = "process";
  task.owner = kOwner;
  task.retry = retry_of(tries);
  const std::vector<std::string> before = texts_of(after->get_array());
  task.params = as_list(before);
  for (const std::string& one : before) {
    const auto found = known.find(one);
    if (found == known.end()) {
      return bad_flow_text(fmt::format("'{}' comes before '{}'", task.id, one));
    }
    task.needs.push_back(found->second);
  }
  std::ranges::sort(task.needs);
  task.refs = task.needs;
  return task;
}

std::int64_t number_of(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value == nullptr || !value->is_int64() ? 0 : value->get_int64();
}

}  // namespace

Millis wait_after(const Tries& tries, std::uint32_t attempt) {
  return engine::retry_delay(retry_of(tries), attempt, {});
}

std::string flow_text(const std::string& input, const std::vector<Stage>& stages,
                      const Tries& tries) {
  std::string out = fmt::format(R"({{"input":{},"attempts":{},"wait":{},"processes":[)",
                                json_string(input), tries.attempts, tries.wait);
  bool first = true;
  for (const Stage& stage : stages) {
    out += fmt::format(R"({}{{"id":{},"after":{}}})", std::exchange(first, false) ? "" : ",",
                       json_string(stage.process), as_list(stage.after));
  }
  return out + "]}";
}

Result<std::shared_ptr<const Flow>> flow_of_text(std::string_view text) {
  const auto value = parse_json("flow", text);
  if (!value.has_value()) return bad_flow_text(value.error().message);
  const auto* object = value->if_object();
  const auto* input = object == nullptr ? nullptr : object->if_contains("input");
  const auto* processes = object == nullptr ? nullptr : object->if_contains("processes");
  if (input == nullptr || !input->is_string() || processes == nullptr || !processes->is_array()) {
    return bad_flow_text("it has no 'input' or no 'processes'");
  }
  const Tries tries{
      static_cast<std::uint32_t>(std::max<std::int64_t>(number_of(*object, "attempts"), 1)),
      number_of(*object, "wait")};
  auto flow = std::make_shared<Flow>();
  flow->id = std::string(input->get_string().data(), input->get_string().size());
  flow->ns = kNamespace;
  flow->owner = kOwner;
  flow->labels = "{}";
  flow->vars = "{}";
  flow->outputs = "{}";
  flow->folder = kFolder;
  // Two of them, for one of 64 bits may be that of another text by chance.
  flow->hash = fmt::format("{:016x}{:016x}", fnv1a(text), fnv1a(text, fnv1a("another begin")));
  TriggerSpec trigger;
  trigger.id = kTrigger;
  trigger.type = TriggerType::kWebhook;
  flow->triggers.push_back(std::move(trigger));
  std::map<std::string, TaskIndex> known;
  for (const auto& stage : processes->get_array()) {
    TRY_ASSIGN(TaskSpec task, task_of(stage, tries, known));
    known.emplace(task.id, static_cast<TaskIndex>(flow->tasks.size()));
    flow->tasks.push_back(std::move(task));
  }
  return std::shared_ptr<const Flow>(std::move(flow));
}

std::vector<std::string> before_of(const TaskSpec& task) {
  const auto value = parse_json("processes before", task.params);
  if (!value.has_value() || !value->is_array()) return {};
  return texts_of(value->get_array());
}

}  // namespace cordyna::embed
