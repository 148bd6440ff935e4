// `cache:` of a task: by what its work is known again.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/durations.hpp"
#include "flow/task_reader.hpp"

namespace cordyna::flow {
namespace {

struct NeverCached {
  std::string_view type;
  std::string_view why;
};

constexpr std::array kNeverCached{
    NeverCached{"kubernetes", "what a cluster does is not done here, and is not kept here"},
    NeverCached{"guard", "a guard judges each time anew"},
    NeverCached{"share", "a share writes where others read, and must do it each time"},
    NeverCached{"wait_for", "a wait_for looks at the world as it is now"},
};

}  // namespace

void TaskReader::read_cache(const Node& node, TaskDraft& draft, ValueReader& reader) {
  const KeySpec* spec = find_key(task_keys(), "cache");
  std::string json;
  if (!reader.read_object(node, spec->fields, "cache", json)) return;
  // From here on every value fits.
  const Node* key = node.find("key");
  if (key->text.empty()) {
    reporter_.error(*key, Code::kBadValue,
                    "'key' of a cache is empty; it says what the work depends on, as "
                    "\"{{ hash(inputs, files('src/**')) }}\"");
    return;
  }
  draft.spec.cache.key = key->text;
  if (const Node* age = node.find("for"); age != nullptr) {
    draft.spec.cache.age = parse_duration(age->text).value_or(0);
  }
}

/// Whether there is work of this type that may be skipped.
void TaskReader::check_cache(TaskDraft& draft) {
  if (draft.spec.kind == TaskKind::kEngine) {
    refuse_key(draft, "cache", "the engine does this by itself, and there is nothing to skip");
    return;
  }
  const auto never = std::ranges::find(kNeverCached, draft.type->name, &NeverCached::type);
  if (never != kNeverCached.end()) refuse_key(draft, "cache", never->why);
}

}  // namespace cordyna::flow
