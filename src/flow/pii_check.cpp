#include "flow/pii_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "base/words.hpp"

namespace cordyna::flow {
namespace {

namespace json = boost::json;

using Names = std::set<std::string>;

json::value param(const TaskDraft& task, std::string_view name) {
  for (const auto& [key, text] : task.params) {
    if (key != name) continue;
    boost::system::error_code error;
    json::value value = json::parse(json::string_view(text.data(), text.size()), error);
    if (!error.failed()) return value;
  }
  return {};
}

std::vector<std::string> texts_of(const json::value& value) {
  std::vector<std::string> texts;
  if (value.is_string()) texts.emplace_back(value.get_string());
  if (const json::array* list = value.if_array()) {
    for (const json::value& item : *list) {
      if (item.is_string()) texts.emplace_back(item.get_string());
    }
  }
  return texts;
}

bool is_text(const json::value* value, std::string_view text) {
  return value != nullptr && value->is_string() &&
         std::string_view(value->get_string().data(), value->get_string().size()) == text;
}

class PiiCheck {
 public:
  explicit PiiCheck(const FlowDraft& draft) {
    for (const TaskDraft& task : draft.tasks) tasks_.emplace(task.spec.id, &task);
  }

  /// Of the data that this task gives.
  const Names& of(const std::string& id) {
    const auto [at, is_new] = known_.try_emplace(id);
    const auto task = tasks_.find(id);
    // A circle is reported elsewhere; here it just ends.
    if (!is_new || task == tasks_.end() || task->second->type == nullptr) return at->second;
    Names found = compute(*task->second);
    return known_[id] = std::move(found);
  }

  Names inputs(const TaskDraft& task) {
    Names all;
    for (const std::string& id : texts_of(param(task, "of"))) {
      const Names& more = of(path_of(task.spec.id, id));
      all.insert(more.begin(), more.end());
    }
    return all;
  }

 private:
  /// The path of what a task in a switch names: beside it, or further out.
  [[nodiscard]] std::string path_of(std::string_view from, const std::string& id) const {
    for (std::size_t end = from.rfind('/'); end != std::string_view::npos;
         end = from.rfind('/', end - 1)) {
      std::string near = fmt::format("{}/{}", from.substr(0, end), id);
      if (tasks_.contains(near)) return near;
      if (end == 0) break;
    }
    return id;
  }

  Names compute(const TaskDraft& task) {
    const std::string_view type = task.type->name;
    if (type == "load") return contracted(task);
    if (type == "check" || type == "merge" || type == "guard") return inputs(task);
    if (type == "standardize") return standardized(task);
    if (type == "secure") return secured(task);
    return {};
  }

  static Names contracted(const TaskDraft& task) {
    Names names;
    const json::value contract = param(task, "contract");
    const json::object* object = contract.if_object();
    const json::value* columns = object == nullptr ? nullptr : object->if_contains("columns");
    if (columns == nullptr || !columns->is_object()) return names;
    for (const auto& column : columns->get_object()) {
      const json::object* spec = column.value().if_object();
      const json::value* pii = spec == nullptr ? nullptr : spec->if_contains("pii");
      if (pii != nullptr && pii->is_bool() && pii->get_bool()) names.emplace(column.key());
    }
    return names;
  }

  Names standardized(const TaskDraft& task) {
    const Names before = inputs(task);
    Names after = before;
    for (const std::string& name : texts_of(param(task, "drop"))) after.erase(name);
    const json::value rename = param(task, "rename");
    if (const json::object* object = rename.if_object()) {
      for (const auto& item : *object) {
        const std::string old_name(item.key());
        if (after.erase(old_name) > 0 && item.value().is_string()) {
          after.emplace(item.value().get_string());
        }
      }
    }
    const json::value set = param(task, "set");
    if (const json::object* object = set.if_object()) {
      for (const auto& item : *object) {
        // One that was marked stays so, under the name that it has by now.
        if (!item.value().is_string() || before.contains(std::string(item.key()))) continue;
        const std::string sql(item.value().get_string());
        const bool personal = std::ranges::any_of(
            before, [&sql](const std::string& name) { return mentions(sql, name); });
        const json::object* renames = rename.if_object();
        const json::value* later = renames == nullptr ? nullptr : renames->if_contains(item.key());
        const bool renamed = later != nullptr && later->is_string();
        if (personal)
          after.emplace(renamed ? std::string(later->get_string()) : std::string(item.key()));
      }
    }
    return after;
  }

  Names secured(const TaskDraft& task) {
    Names names = inputs(task);
    const json::value columns = param(task, "columns");
    const json::object* object = columns.if_object();
    if (object == nullptr) return names;
    for (const auto& item : *object) {
      const json::object* care = item.value().if_object();
      const bool kept = care != nullptr && is_text(care->if_contains("how"), "keep");
      if (!kept) names.erase(std::string(item.key()));
    }
    return names;
  }

  std::map<std::string, const TaskDraft*, std::less<>> tasks_;
  std::map<std::string, Names, std::less<>> known_;
};

}  // namespace

void check_pii(const FlowDraft& draft, Reporter& reporter) {
  PiiCheck check(draft);
  for (const TaskDraft& task : draft.tasks) {
    if (task.type == nullptr || task.type->name != "share") continue;
    const Names open = check.inputs(task);
    if (open.empty()) continue;
    const Node* of = task.node->find("of");
    reporter.error(of == nullptr ? *task.node : *of, Code::kUnsecured,
                   fmt::format("{} tell about persons (`pii`) and would be shared as they are; "
                               "treat them in a `secure` step before",
                               fmt::join(open, ", ")));
  }
}

}  // namespace cordyna::flow
