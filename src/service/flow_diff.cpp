#include "service/flow_diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <map>
#include <set>

#include "base/text.hpp"
#include "schedule/catch_up.hpp"
#include "schedule/schedule.hpp"
#include "service/line_diff.hpp"

namespace cordyna {
namespace {

namespace json = boost::json;

std::string_view view(const json::string& text) {
  return {text.data(), text.size()};
}

Result<json::object> object_of(std::string_view canonical) {
  if (canonical.empty()) return json::object();
  json::error_code error;
  json::value value = json::parse(json::string_view(canonical.data(), canonical.size()), error);
  if (error || !value.is_object()) {
    return fail(ErrorCode::kCorrupt, "the stored form of the flow is not JSON");
  }
  return std::move(value.get_object());
}

// ---- for people

bool is_open(const json::value& value) {
  const json::object* object = value.if_object();
  const json::array* list = value.if_array();
  return (object != nullptr && !object->empty()) || (list != nullptr && !list->empty());
}

void append_scalar(std::string& out, const json::value& value, std::size_t indent) {
  const json::string* text = value.if_string();
  if (text == nullptr) {
    out += " " + json::serialize(value) + "\n";
    return;
  }
  std::string_view rest = view(*text);
  if (!rest.contains('\n')) {
    // Quotes where it could be taken for something else, or where they show its ends.
    json::error_code is_text;
    json::parse(*text, is_text);
    const bool plain = !rest.empty() && !rest.starts_with(' ') && !rest.ends_with(' ') &&
                       rest.find_first_of("\"'#{}[]\t\\") == std::string_view::npos && is_text;
    out += plain ? fmt::format(" {}\n", rest) : " " + json::serialize(value) + "\n";
    return;
  }
  out += rest.ends_with('\n') ? " |\n" : " |-\n";
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    out += std::string(indent, ' ') + std::string(rest.substr(0, end)) + "\n";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void append_block(std::string& out, const json::value& value, std::size_t indent);

void append_members(std::string& out, const json::object& object, std::size_t indent,
                    bool first_is_placed) {
  const auto append = [&](std::string_view key, const json::value& value) {
    if (!first_is_placed) out += std::string(indent, ' ');
    first_is_placed = false;
    out += std::string(key) + ":";
    if (is_open(value)) {
      out += "\n";
      append_block(out, value, indent + 2);
    } else {
      append_scalar(out, value, indent + 2);
    }
  };
  // What names a thing stands before what it is.
  for (const char* const key : {"id", "namespace", "type"}) {
    if (const json::value* const value = object.if_contains(key)) append(key, *value);
  }
  for (const auto& member : object) {
    const std::string_view key(member.key().data(), member.key().size());
    if (key != "id" && key != "namespace" && key != "type") append(key, member.value());
  }
}

void append_block(std::string& out, const json::value& value, std::size_t indent) {
  if (const json::object* const object = value.if_object()) {
    append_members(out, *object, indent, false);
    return;
  }
  for (const json::value& item : value.get_array()) {
    out += std::string(indent, ' ') + "-";
    if (const json::object* const object = item.if_object(); object != nullptr && is_open(item)) {
      out += " ";
      append_members(out, *object, indent + 2, true);
    } else if (is_open(item)) {
      out += "\n";
      append_block(out, item, indent + 2);
    } else {
      append_scalar(out, item, indent + 2);
    }
  }
}

// ---- parts

using Parts = std::map<std::string, std::string>;  // id → text

void collect_tasks(const json::array& tasks, const std::string& prefix, Parts& out) {
  for (const json::value& task : tasks) {
    const json::object* const given = task.if_object();
    const json::value* const id = given == nullptr ? nullptr : given->if_contains("id");
    if (id == nullptr || !id->is_string()) continue;
    const std::string path = prefix + std::string(view(id->get_string()));
    json::object own = *given;
    // Those inside of a switch or a foreach are tasks of their own.
    const auto inner = [&](const json::value& list) {
      if (list.is_array()) collect_tasks(list.get_array(), path + "/", out);
    };
    if (const json::value* const cases = own.if_contains("cases"); cases && cases->is_object()) {
      for (const auto& one : cases->get_object()) inner(one.value());
      json::array names;
      for (const auto& one : cases->get_object()) names.emplace_back(one.key());
      own["cases"] = names;
    }
    for (const char* const key : {"tasks", "default"}) {
      const json::value* const list = own.if_contains(key);
      if (list == nullptr || !list->is_array()) continue;
      inner(*list);
      own[key] = true;
    }
    out[path] = json::serialize(own);
  }
}

Parts parts_of(const json::object& flow, std::initializer_list<const char*> keys) {
  Parts parts;
  for (const char* const key : keys) {
    const json::value* const list = flow.if_contains(key);
    if (list != nullptr && list->is_array()) collect_tasks(list->get_array(), "", parts);
  }
  return parts;
}

PartChanges compare(const Parts& before, const Parts& after) {
  PartChanges changes;
  for (const auto& [id, text] : after) {
    const auto old = before.find(id);
    if (old == before.end()) {
      changes.added.push_back(id);
    } else if (old->second != text) {
      changes.changed.push_back(id);
    }
  }
  for (const auto& [id, text] : before) {
    if (!after.contains(id)) changes.removed.push_back(id);
  }
  return changes;
}

constexpr std::initializer_list<const char*> kSections = {"tasks", "errors", "finally"};

std::vector<std::string> fresh_of(PartChanges changes) {
  std::ranges::move(changes.changed, std::back_inserter(changes.added));
  return std::move(changes.added);
}

Millis next_of(const Flow& flow, const TriggerSpec& spec, Millis now) {
  if (spec.type != TriggerType::kSchedule) return 0;
  const auto schedule = schedule::Schedule::of(spec);
  if (spec.disabled || !schedule.has_value()) return 0;
  const auto next = schedule->next(now);
  return next.has_value() ? *next + schedule::delay_of(spec, flow.ns, flow.id) : 0;
}

std::map<std::string, Millis> times_of(const Flow* flow, Millis now) {
  std::map<std::string, Millis> times;
  if (flow == nullptr) return times;
  for (const TriggerSpec& spec : flow->triggers) times[spec.id] = next_of(*flow, spec, now);
  return times;
}

void append_names(std::string& out, std::string_view key, const std::vector<std::string>& names) {
  out += fmt::format("\"{}\":[", key);
  for (const std::string& name : names) {
    if (&name != names.data()) out += ',';
    append_json(out, name);
  }
  out += ']';
}

void append_changes(std::string& out, std::string_view key, const PartChanges& changes) {
  out += fmt::format("\"{}\":{{", key);
  append_names(out, "added", changes.added);
  out += ',';
  append_names(out, "changed", changes.changed);
  out += ',';
  append_names(out, "removed", changes.removed);
  out += '}';
}

}  // namespace

Result<std::string> readable(std::string_view canonical) {
  TRY_ASSIGN(const json::object flow, object_of(canonical));
  std::string out;
  append_members(out, flow, 0, false);
  return out;
}

Result<FlowDiff> diff_flows(std::string_view before, std::string_view after) {
  TRY_ASSIGN(const json::object old, object_of(before));
  TRY_ASSIGN(const json::object fresh, object_of(after));
  FlowDiff diff;
  diff.tasks = compare(parts_of(old, kSections), parts_of(fresh, kSections));
  diff.triggers = compare(parts_of(old, {"triggers"}), parts_of(fresh, {"triggers"}));
  diff.inputs = compare(parts_of(old, {"inputs"}), parts_of(fresh, {"inputs"}));
  std::string left;
  std::string right;
  append_members(left, old, 0, false);
  append_members(right, fresh, 0, false);
  diff.lines = unified_diff(left, right);
  return diff;
}

Result<NewWork> new_work(std::string_view before, std::string_view after) {
  TRY_ASSIGN(const json::object old, object_of(before));
  TRY_ASSIGN(const json::object fresh, object_of(after));
  NewWork work;
  work.tasks = fresh_of(compare(parts_of(old, kSections), parts_of(fresh, kSections)));
  work.inputs = fresh_of(compare(parts_of(old, {"inputs"}), parts_of(fresh, {"inputs"})));
  const json::value* const vars = fresh.if_contains("vars");
  const json::value* const old_vars = old.if_contains("vars");
  work.shared =
      (vars == nullptr) != (old_vars == nullptr) || (vars != nullptr && *vars != *old_vars);
  return work;
}

void append_diff(std::string& out, const FlowDiff& diff) {
  append_changes(out, "tasks", diff.tasks);
  out += ',';
  append_changes(out, "triggers", diff.triggers);
  out += ',';
  append_changes(out, "inputs", diff.inputs);
  out += ',';
  append_names(out, "diff", diff.lines);
}

std::vector<NextTime> changed_times(const Flow* before, const Flow* after, Millis now) {
  const std::map<std::string, Millis> old = times_of(before, now);
  std::map<std::string, Millis> fresh = times_of(after, now);
  std::vector<NextTime> found;
  for (const auto& [id, at] : old) {
    const auto next = fresh.find(id);
    const Millis then = next == fresh.end() ? 0 : next->second;
    if (then != at) found.push_back({id, at, then});
    if (next != fresh.end()) fresh.erase(next);
  }
  for (const auto& [id, at] : fresh) {
    if (at != 0) found.push_back({id, 0, at});
  }
  std::ranges::sort(found, {}, &NextTime::trigger);
  return found;
}

Millis next_time(const Flow& flow, Millis now) {
  Millis next = 0;
  for (const TriggerSpec& spec : flow.triggers) {
    const Millis at = next_of(flow, spec, now);
    if (at != 0 && (next == 0 || at < next)) next = at;
  }
  return next;
}

}  // namespace cordyna
